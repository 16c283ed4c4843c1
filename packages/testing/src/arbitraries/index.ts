import { createRng, type Shape } from '@tricklab/core'
import fc from 'fast-check'

export interface ShapeBounds {
  /** Smallest and largest height and width; default 1 and 16. */
  readonly size?: readonly [min: number, max: number]
  /** Fewest and most channels; default 1 and 5. */
  readonly channels?: readonly [min: number, max: number]
}

/** Shapes of images: `[height, width, channels]`, odd and uneven ones among them. */
export function shapes({ size = [1, 16], channels = [1, 5] }: ShapeBounds = {}): fc.Arbitrary<Shape> {
  const side = fc.integer({ min: size[0], max: size[1] })
  return fc.tuple(side, side, fc.integer({ min: channels[0], max: channels[1] }))
}

/** Seeds of keyed generators. Shrinks to 0. */
export const seeds: fc.Arbitrary<number> = fc.nat({ max: 2 ** 31 - 1 })

/** `[batch, height, width, channels]` images with standard normal pixels, flattened; drawn by a seeded generator. */
export function images(batch: number, shape: Shape): fc.Arbitrary<Float32Array> {
  return seeds.map((seed) => drawImages(seed, batch, shape))
}

/** Standard normal pixels of a batch, flattened. */
export function drawImages(seed: number, batch: number, [height, width, channels]: Shape): Float32Array {
  const stream = createRng(seed).at('images')
  return Float32Array.from({ length: batch * height * width * channels }, () => stream.normal())
}

/** Rows of `classes` probabilities that sum to 1, as targets are: one-hot rows and mixtures. */
export function targetDistributions(rows: number, classes: number): fc.Arbitrary<number[][]> {
  const oneHot = fc.nat({ max: classes - 1 }).map((label) => Array.from({ length: classes }, (_, k) => +(k === label)))
  const mixture = fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: classes, maxLength: classes })
    .filter((weights) => weights.some((weight) => weight > 0))
    .map((weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      return weights.map((weight) => weight / total)
    })
  return fc.array(fc.oneof(oneHot, mixture), { minLength: rows, maxLength: rows })
}
