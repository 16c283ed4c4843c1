import { expect, test } from 'vitest'
import { drawPhoto } from '../../test/photos.ts'
import { decodeImage, ImageError, readImageHead, renderedSize } from './decode.ts'

/** Largest distance of the mean of each channel. */
function distance(a: Uint8Array, b: Uint8Array): number {
  const mean = (pixels: Uint8Array, channel: number) =>
    pixels.reduce((sum, value, i) => sum + (i % 3 === channel ? value : 0), 0) / (pixels.length / 3)
  return Math.max(...[0, 1, 2].map((channel) => Math.abs(mean(a, channel) - mean(b, channel))))
}

const photo = () => drawPhoto('a', 60, 40)

test('grey becomes RGB with three equal channels', async () => {
  const { data, width, height } = await decodeImage(await photo().grayscale().jpeg().toBuffer(), undefined, 'grey')
  expect([width, height, data.length]).toEqual([60, 40, 7200])
  for (let i = 0; i < data.length; i += 3) expect([data[i + 1], data[i + 2]]).toEqual([data[i], data[i]])
})

test('CMYK becomes RGB of about the same colours', async () => {
  const rgb = await decodeImage(await photo().jpeg().toBuffer(), undefined, 'rgb')
  const cmyk = await decodeImage(await photo().toColourspace('cmyk').jpeg().toBuffer(), undefined, 'cmyk')
  expect(cmyk.data.length).toBe(7200)
  expect(distance(rgb.data, cmyk.data)).toBeLessThan(40)
})

test('a PNG with transparency and 16 bits is read all the same', async () => {
  const png = await photo().ensureAlpha(0.5).toColourspace('rgb16').png().toBuffer()
  expect((await decodeImage(png, undefined, 'png')).data.length).toBe(7200)
})

test.each(['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const)('%s is read: size and colours', async (format) => {
  const bytes = await photo().toFormat(format).toBuffer()
  expect(await readImageHead(bytes, format)).toEqual({ width: 60, height: 40, turned: false })
  const { data, ...size } = await decodeImage(bytes, undefined, format)
  expect(size).toEqual({ width: 60, height: 40 })
  const plain = await decodeImage(await photo().png().toBuffer(), undefined, 'plain')
  expect(distance(data, plain.data)).toBeLessThan(4)
})

test.each(['png', 'webp', 'avif', 'tiff', 'gif'] as const)('a %s that is cut short is refused', async (format) => {
  const whole = await drawPhoto('c', 200, 200).toFormat(format).toBuffer()
  await expect(decodeImage(whole.subarray(0, whole.length >> 1), undefined, 'cut')).rejects.toThrow(ImageError)
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i: stored pixels, or upright ones on request',
  async (orientation) => {
    const bytes = await photo().withMetadata({ orientation }).jpeg().toBuffer()
    const size = orientation >= 5 ? { width: 40, height: 60 } : { width: 60, height: 40 }
    const head = await readImageHead(bytes, 'turned')
    expect(renderedSize(head, { upright: true })).toEqual(size)
    expect(renderedSize(head, {})).toEqual({ width: 60, height: 40 })
    const { data, ...decoded } = await decodeImage(bytes, undefined, 'turned', { upright: true })
    expect(decoded).toEqual(size)
    const plain = await decodeImage(await photo().jpeg().toBuffer(), undefined, 'plain')
    expect(await decodeImage(bytes, undefined, 'turned')).toEqual(plain)
    if (orientation === 1) expect(data).toEqual(plain.data)
    else expect(data).not.toEqual(plain.data)
  },
)

test('an embedded profile is left alone, or converted on request', async () => {
  const plain = await photo().jpeg().toBuffer()
  const tagged = await photo().withIccProfile('p3').jpeg().toBuffer()
  const stored = await decodeImage(tagged, undefined, 'tagged')
  expect(stored).toEqual(await decodeImage(withoutProfile(tagged), undefined, 'cut'))
  const converted = await decodeImage(tagged, undefined, 'tagged', { srgb: true })
  expect(converted.data).not.toEqual(stored.data)
  // What carries no profile is the same in both ways.
  expect(await decodeImage(plain, undefined, 'plain', { srgb: true })).toEqual(
    await decodeImage(plain, undefined, 'plain'),
  )
})

/** A JPEG without its APP2 segments, where profiles lie. */
function withoutProfile(jpeg: Buffer): Buffer {
  const parts = [jpeg.subarray(0, 2)]
  let at = 2
  for (; jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg[at + 1] !== 0xe2) parts.push(jpeg.subarray(at, at + 2 + jpeg.readUInt16BE(at + 2)))
  }
  const cut = Buffer.concat([...parts, jpeg.subarray(at)])
  expect(cut.length).toBeLessThan(jpeg.length)
  return cut
}

test('decoding to a smaller size keeps the picture', async () => {
  const large = await drawPhoto('b', 800, 600).jpeg().toBuffer()
  const small = await decodeImage(large, { width: 100, height: 75 }, 'large')
  expect([small.width, small.height]).toEqual([100, 75])
  expect(distance(small.data, (await decodeImage(large, undefined, 'large')).data)).toBeLessThan(3)
})

test('what is no image, empty or cut short is refused with its path', async () => {
  const whole = await drawPhoto('c', 200, 200).jpeg().toBuffer()
  for (const bytes of [Buffer.from('text'), Buffer.alloc(0), whole.subarray(0, whole.length >> 1)]) {
    const error = await decodeImage(bytes, undefined, 'some/file.JPEG').catch((reason) => reason)
    expect(error).toBeInstanceOf(ImageError)
    expect(error.path).toBe('some/file.JPEG')
    expect(error.received).toContain(`${bytes.length} bytes`)
  }
})
