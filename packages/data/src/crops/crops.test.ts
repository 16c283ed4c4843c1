import { type Crop, createRegistry, createRng } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import type { NormalUse } from '@tricklab/core/plugin'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data } from '../index.ts'
import { roundHalfEven } from './round.ts'

const registry = createRegistry([data])
const create = (use: string, options: object): Crop => {
  const normal = registry.normalize('crop', { use, ...options } as NormalUse, 'test')
  expect(normal.problems).toEqual([])
  return registry.create('crop', normal.use, {})
}
const names = ['random-resized-crop', 'resize-center-crop', 'squash-center-crop', 'resize-crop']
const sources = fc.record({ width: fc.integer({ min: 1, max: 900 }), height: fc.integer({ min: 1, max: 900 }) })

test.each(names)(
  '%s: every region lies in the image, is no smaller than it says, and depends on the key alone',
  (name) => {
    const crop = create(name, { size: 96 })
    fc.assert(
      fc.property(sources, fc.integer({ min: 0, max: 99 }), fc.boolean(), (source, key, training) => {
        const stream = () => (training ? createRng(key).at('crop', 0) : null)
        const plan = crop.draw(source, stream())
        expect(crop.draw(source, stream())).toEqual(plan)
        const slack = 1e-9
        expect(plan.left).toBeGreaterThanOrEqual(0)
        expect(plan.top).toBeGreaterThanOrEqual(0)
        expect(plan.left + plan.width).toBeLessThanOrEqual(source.width + slack)
        expect(plan.top + plan.height).toBeLessThanOrEqual(source.height + slack)
        expect([plan.outWidth, plan.outHeight]).toEqual([96, 96])
        const least = crop.smallestRegion(source)
        // Sides are rounded to whole pixels.
        expect(plan.width).toBeGreaterThanOrEqual(least.width - 1)
        expect(plan.height).toBeGreaterThanOrEqual(least.height - 1)
        if (!training) expect(plan.flip).toBe(false)
      }),
    )
  },
)

test('random-resized-crop: area, ratio, place and mirroring follow the law', () => {
  const crop = create('random-resized-crop', { size: 96, minScale: 0.35 })
  const source = { width: 500, height: 375 }
  const stream = createRng(5).at('crop')
  const plans = Array.from({ length: 6000 }, () => crop.draw(source, stream))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const areas = plans.map(({ width, height }) => (width * height) / (500 * 375))
  expect(Math.min(...areas)).toBeGreaterThan(0.345)
  expect(Math.max(...plans.map(({ width, height }) => width / height))).toBeLessThan(1.345)
  expect(mean(plans.map(({ flip }) => (flip ? 1 : 0)))).toBeCloseTo(0.5, 1)
  // torchvision 0.29, RandomResizedCrop.get_params(scale=(.35, 1), ratio=(3/4, 4/3)), 200,000 draws of 500 × 375:
  // mean area share .5762, mean width / height 1.0653, left edge .1633 and top edge .0765 of the side.
  expect(mean(areas)).toBeCloseTo(0.5762, 1.7)
  expect(mean(plans.map(({ width, height }) => width / height))).toBeCloseTo(1.0653, 1.7)
  expect(mean(plans.map(({ left }) => left / 500))).toBeCloseTo(0.1633, 1.7)
  expect(mean(plans.map(({ top }) => top / 375))).toBeCloseTo(0.0765, 1.7)
})

test.each<[string, object, ImageSize, object]>([
  // The shorter side to 160, centre of 128: (160 − 128) / 2 = 16 of 160 from above, 42.5 of 213 rounded to 42.
  [
    'resize-center-crop',
    { size: 128 },
    { width: 500, height: 375 },
    { left: 42 * (500 / 213), top: 37.5, width: 128 * (500 / 213), height: 300 },
  ],
  // x = ⌈.14 · 128 / 8⌉ · 8 = 24.
  ['squash-center-crop', { size: 128 }, { width: 304, height: 152 }, { left: 24, top: 12, width: 256, height: 128 }],
  ['squash-center-crop', { size: 192 }, { width: 224, height: 224 }, { left: 16, top: 16, width: 192, height: 192 }],
  ['resize-crop', { size: 460 }, { width: 500, height: 375 }, { left: 62, top: 0, width: 375, height: 375 }],
  ['resize-crop', { size: 9, method: 'squish' }, { width: 50, height: 37 }, { left: 0, top: 0, width: 50, height: 37 }],
  // Too wide for the ratio: the widest central region.
  ['random-resized-crop', { size: 9 }, { width: 100, height: 30 }, { left: 30, top: 0, width: 40, height: 30 }],
])('%s validates on the region of its source (%j)', (name, options, source, region) => {
  expect(create(name, options).draw(source, null)).toMatchObject(region)
})

test('ranges that end before they begin and images that are too small are refused', () => {
  expect(() => create('random-resized-crop', { size: 9, minScale: 0.9, maxScale: 0.5 })).toThrow(/E_OPTION_RANGE/)
  for (const name of names) {
    const crop = create(name, { size: 96, smallImages: 'refuse' })
    expect(() => crop.draw({ width: 95, height: 200 }, null)).toThrow(/E_SHAPE.*95 × 200/)
    crop.draw({ width: 96, height: 96 }, null)
  }
})

test('halves are rounded to even', () => {
  expect([0.5, 1.5, 2.5, -1.5, 1.4, 42.5, 43.5].map(roundHalfEven)).toEqual([0, 2, 2, -2, 1, 42, 44])
})
