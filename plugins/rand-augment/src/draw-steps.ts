import type { Stream } from '@tricklab/core'
import type { ImageOperation, ImageSize } from '@tricklab/core/contracts'
import { drawOperation, type Interpolation, type Strengths } from '@tricklab/data/operations'

/** Equally spaced strengths of every operation, the first of which changes nothing. */
export const levels = 31

/**
 * What every operation is at the highest level.
 * @paper arXiv:1909.13719
 * @differs none from torchvision's `RandAugment`
 */
export const strengthsOf = ({ width, height }: ImageSize): Strengths => ({
  ...{ shear: 0.3, rotate: 30, factor: 0.9, bits: [8, 4] },
  translate: [(150 / 331) * width, (150 / 331) * height],
})

/** Options of a draw, as the plugin declares them. */
export interface Steps {
  readonly operations: number
  readonly magnitude: number
  readonly deviation: number
  readonly chance: number
  readonly interpolation: Interpolation
}

/** The operations of one image: each is drawn whether or not its chance comes, so that a chance shifts no other draw. */
export function drawSteps(stream: Stream, input: ImageSize, given: Steps): readonly ImageOperation[] {
  const strengths = strengthsOf(input)
  return Array.from({ length: given.operations }).flatMap(() => {
    const level = Math.max(0, Math.min(levels - 1, given.magnitude + given.deviation * stream.normal()))
    const step = drawOperation(stream, strengths, { level, levels }, given.interpolation)
    return stream.uniform() < given.chance ? step : []
  })
}
