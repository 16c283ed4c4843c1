// Runs in workers, so it takes only types from core: core itself brings all of TensorFlow.js along.
import type { ImageSize, Photo } from '@tricklab/core/contracts'
import sharp, { type Sharp } from 'sharp'
import type { Pixels } from '../pixels/resample.ts'

// Images are decoded side by side, so one thread an image is enough; nothing is decoded twice in a row.
sharp.concurrency(1)
sharp.cache(false)

/** Versions that decide the bytes of a decoded image. */
export const decoderVersion = `${sharp.versions.vips} ${sharp.versions.mozjpeg ?? ''}`.trim()

/** Largest image accepted, in pixels: a header may promise anything. */
const pixelLimit = 200_000_000

/** What is wrong with a file of an image: its content, or that it cannot be read at all. */
export type ImageFault = 'corrupt' | 'unreadable'

/** An image that cannot be read or decoded; `describeImageError` makes it one of ours. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
  readonly path: string
  readonly received: string
  readonly fault: ImageFault

  constructor(path: string, reason: string, received: string, fault: ImageFault = 'corrupt') {
    super(reason)
    this.path = path
    this.received = received
    this.fault = fault
  }
}

// How files begin of every format of pixels that the decoder reads, in hex; a dot stands for any digit. The decoder knows
// more: an SVG among them, which has no pixels, and whose text may name other files.
const beginnings = {
  jpeg: /^ffd8ff/,
  png: /^89504e470d0a1a0a/,
  gif: /^47494638(37|39)61/,
  webp: /^52494646.{8}57454250/,
  tiff: /^(49492a00|4d4d002a|49492b00|4d4d002b)/,
  // AVIF, and what else such a box may hold: the decoder says what it cannot read.
  avif: /^.{8}66747970/,
}

/** @throws where the file is no image of pixels, whatever it is called */
function checkFormat(bytes: Uint8Array): void {
  const begin = Buffer.from(bytes.subarray(0, 12)).toString('hex')
  if (Object.values(beginnings).some((known) => known.test(begin))) return
  throw new Error('it is no JPEG, PNG, WebP, AVIF, TIFF or GIF')
}

/** What is made of the stored pixels. */
export type Rendering = Pick<Photo, 'upright' | 'srgb'>

const open = (bytes: Uint8Array, { srgb = false }: Rendering) =>
  sharp(bytes, { failOn: 'error', limitInputPixels: pixelLimit, ignoreIcc: !srgb })

/** The size of an image that is read in this way. */
export const renderedSize = ({ width, height, turned }: ImageHead, { upright = false }: Rendering): ImageSize =>
  turned && upright ? { width: height, height: width } : { width, height }

/** Size of an image as it is stored, and whether its EXIF orientation turns it by a quarter. */
export interface ImageHead extends ImageSize {
  readonly turned: boolean
}

/** @errors ImageError when this is no image */
export async function readImageHead(bytes: Uint8Array, path: string): Promise<ImageHead> {
  try {
    checkFormat(bytes)
    const { width, height, orientation = 1 } = await open(bytes, {}).metadata()
    return { width, height, turned: orientation >= 5 }
  } catch (cause) {
    return refuse(path, bytes, cause)
  }
}

/**
 * Decodes an image to RGB: grey and CMYK are converted, transparency is dropped.
 * @param size the image is shrunk to it while decoding; its own size leaves it alone
 * @errors ImageError when it cannot be decoded whole
 */
export async function decodeImage(
  bytes: Uint8Array,
  size: ImageSize | undefined,
  path: string,
  rendering: Rendering = {},
): Promise<Pixels> {
  try {
    checkFormat(bytes)
    const image = open(bytes, rendering)
    if (rendering.upright === true) image.autoOrient()
    if (size !== undefined) resizeTo(image, size)
    const { data, info } = await image.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true })
    if (info.channels === 3) return { data, width: info.width, height: info.height }
    return { data: greyToRgb(data, info.channels), width: info.width, height: info.height }
  } catch (cause) {
    return refuse(path, bytes, cause)
  }
}

/** What `decodeImage` makes with a size of an image that is stored without loss. */
export async function shrinkPixels({ data, width, height }: Pixels, size: ImageSize): Promise<Pixels> {
  const image = resizeTo(sharp(data, { raw: { width, height, channels: 3 } }), size)
  return { data: await image.raw().toBuffer(), ...size }
}

// `fill` onto a smaller size is what lets libjpeg decode at 1/2, 1/4 or 1/8 in the first place.
const resizeTo = (image: Sharp, { width, height }: ImageSize) =>
  image.resize(width, height, { fit: 'fill', kernel: 'linear' })

function greyToRgb(data: Uint8Array, channels: number): Uint8Array {
  const pixels = data.length / channels
  const rgb = new Uint8Array(pixels * 3)
  for (let i = 0; i < pixels; i++) rgb.fill(data[i * channels]!, i * 3, i * 3 + 3)
  return rgb
}

function refuse(path: string, bytes: Uint8Array, cause: unknown): never {
  const reason = (cause instanceof Error ? cause.message : String(cause)).trim().split('\n')[0]!
  const begin = Buffer.from(bytes.subarray(0, 4)).toString('hex') || 'nothing'
  throw new ImageError(path, reason, `${bytes.length} bytes that begin with ${begin}`)
}
