// Runs in workers, so it takes only types from core.
import { readFile } from 'node:fs/promises'
import type { ImageSize } from '@tricklab/core/contracts'
import { type Pixels, resample } from '../pixels/resample.ts'
import { decodeImage, ImageError, type Rendering, shrinkPixels } from './decode.ts'

/** An image file and what is done to it before a crop sees it. */
export interface PhotoFile extends Rendering {
  readonly path: string
  /** What the file holds; absent: it is read. */
  readonly bytes?: Uint8Array | undefined
  /** The dataset shrinks the image to this size, as if it had been stored so. */
  readonly shrinkTo?: ImageSize | undefined
  /** A crop takes so little of the image that this size will do. */
  readonly decodeTo?: ImageSize | undefined
}

/** The bytes of an image file. @errors ImageError when it cannot be read */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** What the file system says of an image, in the words of ours. */
export function unreadable(path: string, cause: unknown): ImageError {
  const { code = 'no code', message } = cause as NodeJS.ErrnoException
  return new ImageError(path, reasons[code] ?? message, code, 'unreadable')
}

const reasons: { readonly [code: string]: string } = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is gone',
  EIO: 'the disk reports a fault',
}

/** @errors ImageError when it cannot be read, or not decoded whole */
export async function readPhoto({ path, bytes: held, shrinkTo, decodeTo, upright, srgb }: PhotoFile): Promise<Pixels> {
  const rendering = { upright, srgb }
  const bytes = held ?? (await readImageFile(path))
  if (shrinkTo === undefined) return decodeImage(bytes, decodeTo, path, rendering)
  const shrunk = resizeWhole(await decodeImage(bytes, undefined, path, rendering), shrinkTo)
  return decodeTo === undefined ? shrunk : shrinkPixels(shrunk, decodeTo)
}

/** The whole image in another size: Pillow's `Image.resize((width, height), BILINEAR)`. */
function resizeWhole(source: Pixels, { width, height }: ImageSize): Pixels {
  const data = new Uint8Array(width * height * 3)
  const whole = { left: 0, top: 0, width: source.width, height: source.height }
  resample(source, { ...whole, outWidth: width, outHeight: height, flip: false, edges: 'image' }, data)
  return { data, width, height }
}
