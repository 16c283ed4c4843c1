import { type Html, html } from '@tricklab/repro'
import sharp from 'sharp'

/** An RGB image in [0, 1], row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly values: Float32Array
}

type Colour = readonly [red: number, green: number, blue: number]

function paint(width: number, height: number, colourAt: (x: number, y: number) => Colour): Pixels {
  const values = new Float32Array(width * height * 3)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      values.set(colourAt((column + 0.5) / width, (row + 0.5) / height), (row * width + column) * 3)
    }
  }
  return { width, height, values }
}

/** Sun over hills. Drawn, so that no photo needs a licence. */
export const landscape = (width: number, height: number): Pixels =>
  paint(width, height, (x, y) => {
    const near = 0.72 + 0.06 * Math.sin(7 * x + 1)
    const far = 0.55 + 0.1 * Math.sin(5 * x + 3.5)
    if (y > near) return [0.2, 0.45 - 0.2 * (y - near), 0.2]
    if (y > far) return [0.42, 0.6, 0.42]
    if (Math.hypot(x - 0.7, y - 0.25) < 0.13) return [1, 0.85, 0.35]
    return [0.55 + 0.3 * y, 0.75 + 0.2 * y, 0.95]
  })

/** A fish in water. */
export const fish = (width: number, height: number): Pixels =>
  paint(width, height, (x, y) => {
    const body = ((x - 0.45) / 0.3) ** 2 + ((y - 0.5) / 0.19) ** 2 < 1
    const tail = x > 0.7 && x < 0.92 && Math.abs(y - 0.5) < 0.75 * (x - 0.68)
    if (Math.hypot(x - 0.27, y - 0.45) < 0.035) return [0.1, 0.1, 0.12]
    if (body) return Math.floor(x * 12) % 3 === 0 ? [1, 0.95, 0.9] : [0.95, 0.45, 0.1]
    if (tail) return [0.9, 0.38, 0.08]
    return [0.05 + 0.1 * (1 - y), 0.3 + 0.25 * (1 - y), 0.5 + 0.3 * (1 - y)]
  })

async function encode({ width, height, values }: Pixels): Promise<string> {
  const bytes = Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
  const png = await sharp(bytes, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}

/** Pixels as they are, each a square. */
export async function imageAt(pixels: Pixels, x: number, y: number, width: number, height = width): Promise<Html> {
  return html`<image href="${await encode(pixels)}" x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none"/>`
}
