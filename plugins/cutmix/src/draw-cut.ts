import type { Stream } from '@tricklab/core'
import type { Box } from '@tricklab/data/operations'

/** Whose rectangle every image of a batch gets, and where it lies. */
export interface CutPlan {
  /** A permutation of the batch: image i gets the rectangle of image `partners[i]`. */
  readonly partners: Uint32Array
  readonly boxes: readonly Box[]
}

/**
 * All the randomness of one batch: a permutation, and rectangles of the share `1 − λ` of an image, `λ ~ Beta(alpha, alpha)`,
 * whose centres lie anywhere; what leaves the image is cut off.
 */
export function drawCut(
  stream: Stream,
  [batch, height, width]: readonly [number, number, number],
  { alpha, per }: { readonly alpha: number; readonly per: 'sample' | 'batch' },
): CutPlan {
  const partners = stream.permutation(batch)
  const draw = (): Box => {
    const side = Math.sqrt(1 - stream.beta(alpha, alpha))
    const [h, w] = [Math.floor(height * side), Math.floor(width * side)]
    const [y, x] = [stream.integer(height), stream.integer(width)]
    return { ...clip(y, h, height, 'top', 'height'), ...clip(x, w, width, 'left', 'width') } as unknown as Box
  }
  const shared = per === 'batch' ? draw() : undefined
  return { partners, boxes: Array.from(partners, () => shared ?? draw()) }
}

/** From half before the centre to half behind it, within the image. */
function clip(centre: number, length: number, limit: number, start: 'top' | 'left', size: 'height' | 'width') {
  const half = Math.floor(length / 2)
  const [from, to] = [Math.max(0, centre - half), Math.min(limit, centre + half)]
  return { [start]: from, [size]: to - from }
}
