// Runs in workers, so it takes only types from core.
import { readFile } from 'node:fs/promises'
import type { ImageSize } from '@tricklab/core'
import { type Pixels, resample } from '../pixels/resample.ts'
import { decodeImage, shrinkPixels } from './decode.ts'

/** An image file and what is done to it before a crop sees it. */
export interface PhotoFile {
  readonly path: string
  /** The dataset shrinks the image to this size, as if it had been stored so. */
  readonly shrinkTo?: ImageSize | undefined
  /** A crop takes so little of the image that this size will do. */
  readonly decodeTo?: ImageSize | undefined
}

/** @errors ImageError when it cannot be decoded whole */
export async function readPhoto({ path, shrinkTo, decodeTo }: PhotoFile): Promise<Pixels> {
  const bytes = await readFile(path)
  if (shrinkTo === undefined) return decodeImage(bytes, decodeTo, path)
  const shrunk = resizeWhole(await decodeImage(bytes, undefined, path), shrinkTo)
  return decodeTo === undefined ? shrunk : shrinkPixels(shrunk, decodeTo)
}

/** The whole image in another size: Pillow's `Image.resize((width, height), BILINEAR)`. */
function resizeWhole(source: Pixels, { width, height }: ImageSize): Pixels {
  const data = new Uint8Array(width * height * 3)
  const whole = { left: 0, top: 0, width: source.width, height: source.height }
  resample(source, { ...whole, outWidth: width, outHeight: height, flip: false, edges: 'image' }, data)
  return { data, width, height }
}
