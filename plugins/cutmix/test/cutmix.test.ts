import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages, seeds, targetDistributions } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyCut } from '../src/apply-cut.ts'
import { type CutPlan, drawCut } from '../src/draw-cut.ts'

const shape = [5, 7, 2] as const
const settings = fc.record({
  alpha: fc.double({ min: 0.05, max: 5, noNaN: true }),
  per: fc.constantFrom('sample' as const, 'batch' as const),
})
const draw = (seed: number, size: number, options: { alpha: number; per: 'sample' | 'batch' }): CutPlan =>
  drawCut(createRng(seed).at('cut', 0), [size, shape[0], shape[1]], options)

test('rectangles lie within the image, partners are a permutation, and a batch may share one rectangle', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 9 }), settings, (seed, size, options) => {
      const { partners, boxes } = draw(seed, size, options)
      expect([...partners].sort((a, b) => a - b)).toEqual([...partners.keys()])
      expect(boxes).toHaveLength(size)
      for (const { left, top, width, height } of boxes) {
        expect(Math.min(left, top, width, height)).toBeGreaterThanOrEqual(0)
        expect(left + width).toBeLessThanOrEqual(shape[1])
        expect(top + height).toBeLessThanOrEqual(shape[0])
      }
      if (options.per === 'batch') expect(new Set(boxes).size).toBe(1)
    }),
  )
})

test('for alpha 1 the share that is cut out has the mean that follows from its definition', () => {
  // The same in a plain loop over λ and the centre: numerical integration of the clipped area.
  const [height, width] = [64, 64]
  let expected = 0
  const grid = 400
  for (let k = 0; k < grid; k++) {
    const half = Math.floor(Math.floor(height * Math.sqrt((k + 0.5) / grid)) / 2)
    let side = 0
    for (let centre = 0; centre < height; centre++) side += Math.min(height, centre + half) - Math.max(0, centre - half)
    expected += (side / height / height) ** 2 / grid
  }
  const { boxes } = drawCut(createRng(3).at('cut', 0), [20_000, height, width], { alpha: 1, per: 'sample' })
  const mean = boxes.reduce((sum, box) => sum + (box.width * box.height) / (height * width), 0) / boxes.length
  // A share deviates by less than 0.25, so this is more than five standard errors.
  expect(Math.abs(mean - expected)).toBeLessThan(0.01)
})

describeOnEngines('cutting', () => {
  test('takes pixels inside from the partner and outside from the image, and targets by their share', () => {
    const cases = fc
      .integer({ min: 1, max: 5 })
      .chain((size) =>
        fc.record({ size: fc.constant(size), seed: seeds, options: settings, targets: targetDistributions(size, 4) }),
      )
    fc.assert(
      fc.property(cases, ({ size, seed, options, targets }) => {
        const pixels = drawImages(seed, size, shape)
        const plan = draw(seed, size, options)
        const cut = tf.tidy(() => {
          const { images, targets: mixed } = applyCut(tf.tensor4d(pixels, [size, ...shape]), tf.tensor2d(targets), plan)
          return { images: images.arraySync(), targets: mixed.arraySync() }
        })
        const [height, width, channels] = shape
        for (let n = 0; n < size; n++) {
          const { left, top, width: w, height: h } = plan.boxes[n]!
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const within = x >= left && x < left + w && y >= top && y < top + h
              const from = within ? plan.partners[n]! : n
              for (let c = 0; c < channels; c++) {
                expect(cut.images[n]![y]![x]![c]).toBe(pixels[((from * height + y) * width + x) * channels + c])
              }
            }
          }
          const share = (w * h) / (width * height)
          for (let k = 0; k < 4; k++) {
            const expected = (1 - share) * targets[n]![k]! + share * targets[plan.partners[n]!]![k]!
            expect(cut.targets[n]![k]).toBeCloseTo(expected, 5)
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})
