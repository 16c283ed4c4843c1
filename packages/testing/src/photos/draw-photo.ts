import { createRng } from '@tricklab/core'
import sharp, { type Sharp } from 'sharp'

/** An image with edges, slopes and noise in every channel; the same key gives the same pixels. */
export function drawPhoto(key: string, width: number, height: number): Sharp {
  const stream = createRng(11).at('photo', key)
  const [fx, fy, phase] = [stream.uniform() / 9, stream.uniform() / 9, stream.uniform() * 6]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      data[at] = 128 + 100 * Math.sin(fx * x + fy * y + phase)
      data[at + 1] = (255 * x) / width
      data[at + 2] = (y >> 3) % 2 === 0 ? 200 - stream.integer(20) : 30
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

/** The same image as a JPEG file. */
export const encodePhoto = (key: string, width: number, height: number): Promise<Buffer> =>
  drawPhoto(key, width, height).jpeg({ quality: 90 }).toBuffer()
