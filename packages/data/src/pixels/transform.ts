import type { ImageSize, ImageTransform } from '@tricklab/core/contracts'
import { operate } from '../operations/operate.ts'
import type { PixelKernels } from './kernels.ts'

/** What becomes of a cropped image in a decoding thread. */
export interface PixelTransform extends ImageTransform {
  /** Size of the image that comes out. */
  readonly output: ImageSize
  /** Mean and deviation of the three channels, taken last; absent: values stay in [0, 1]. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] }
}

/**
 * Transforms an image of RGB bytes in the kernels' memory.
 * @param out receives height × width × 3 float32
 */
export function transformInside(
  kernels: PixelKernels,
  bytes: number,
  { width, height }: ImageSize,
  { operations, shrinkTo, map, light, normalize, output }: PixelTransform,
  out: Float32Array,
): void {
  const { width: sourceWidth, height: sourceHeight } = shrinkTo ?? { width, height }
  const source = kernels.take(sourceWidth * sourceHeight * 16)
  const place = kernels.take(36)
  const count = output.width * output.height * 3
  const result = kernels.take(count * 4)
  const table = kernels.take(96)

  const pixels = kernels.bytes(bytes, width * height * 3)
  if (operations !== undefined) pixels.set(operate({ data: pixels, width, height }, operations))
  if (map === undefined) {
    kernels.floats(result, count).set(Float32Array.from(pixels, (byte) => byte / 255))
  } else {
    if (shrinkTo === undefined) kernels.run.widen(bytes, width * height, source)
    else kernels.run.shrinkArea(bytes, width, height, shrinkTo.width, shrinkTo.height, source)
    kernels.floats(place, 9).set(map)
    kernels.run.sampleMap(source, sourceWidth, sourceHeight, place, output.width, output.height, result)
  }
  if (light !== undefined) kernels.run.light(result, count, light.shift, light.contrast)
  if (normalize !== undefined) {
    const tables = kernels.floats(table, 24)
    for (let i = 0; i < 12; i++) {
      tables[i] = normalize.mean[i % 3]!
      tables[12 + i] = normalize.std[i % 3]!
    }
    kernels.run.normalize(result, count, table)
  }
  out.set(kernels.floats(result, count))
}
