import { readFileSync } from 'node:fs'
import { type Batch, createRegistry, createRng } from '@tricklab/core'
import type { FitInfo } from '@tricklab/core/contracts'
import { createHooks } from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import progressiveResize, { applyResize, drawCorner, type Growth, planSize } from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/progressive-resize.json', import.meta.url), 'utf8')) as {
  resized: { shape: [number, number, number, number]; size: [number, number]; values: number[] }[]
  sizes: { width: number; options: Growth; widths: number[] }[]
}

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** As in golden/make_progressive_resize.py. */
function chirp(shape: [number, number, number, number]): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1)
  return tf.tensor4d(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + 0.2)),
    shape,
  )
}

describe('the sizes', () => {
  test.each(golden.sizes)('of $width px with $options, over a fit', ({ width, options, widths }) => {
    const planned = widths.map((_, step) => planSize(step / widths.length, [width, width], options))
    expect(planned).toEqual(widths.map((size) => [size, size]))
  })

  const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000)
  const shares = fc.tuple(share, share)
  const growths = fc.record({
    initialScale: fc.double({ min: 0.01, max: 1, noNaN: true }),
    shares,
    sizeIncrement: fc.integer({ min: 1, max: 40 }),
  })

  test('never shrink, never pass the full size, begin at the first one and end full', () => {
    fc.assert(
      fc.property(
        growths,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        (given, height, width) => {
          const [a, b] = given.shares
          const [delayFraction, finetuneFraction] = a + b > 1 ? [1 - a, 1 - b] : [a, b]
          const growth = { ...given, delayFraction, finetuneFraction }
          const at = (elapsed: number) => planSize(elapsed, [height, width], growth)
          const path = Array.from({ length: 41 }, (_, index) => at(index / 40))
          for (const [index, [h, w]] of path.entries()) {
            expect(w).toBeLessThanOrEqual(width)
            expect(h).toBeLessThanOrEqual(height)
            expect(w === width || w % growth.sizeIncrement === 0).toBe(true)
            if (index > 0) expect(w).toBeGreaterThanOrEqual(path[index - 1]![1])
          }
          expect(at(1)).toEqual([height, width])
          expect(at(1 - finetuneFraction + 1e-9)).toEqual(at(1))
          if (delayFraction > 0) expect(at(delayFraction * 0.999)).toEqual(at(0))
        },
      ),
    )
  })

  test('a fit without a ramp jumps where the delay ends', () => {
    const growth = { initialScale: 0.5, delayFraction: 0.75, finetuneFraction: 0.25, sizeIncrement: 1 }
    expect([0, 0.74, 0.75, 0.9].map((elapsed) => planSize(elapsed, [8, 8], growth)[1])).toEqual([4, 4, 8, 8])
  })

  test('the height follows the width', () => {
    const growth = { initialScale: 0.5, delayFraction: 0.5, finetuneFraction: 0, sizeIncrement: 4 }
    expect(planSize(0, [90, 128], growth)).toEqual([45, 64])
    expect(planSize(0, [91, 128], growth)).toEqual([45, 64])
  })
})

describe('resizing', () => {
  test.each(golden.resized)('$shape to $size as PyTorch does', ({ shape, size, values }) => {
    const images = chirp(shape)
    const small = applyResize(images, ...size)
    expect(small.shape).toEqual([shape[0], ...size, shape[3]])
    const actual = small.dataSync()
    for (const [index, value] of values.entries()) expect(Math.abs(actual[index]! - value)).toBeLessThan(2e-6)
    tf.dispose([images, small])
  })

  test('keeps constants, brightness order and the full size; every image by itself', () => {
    const sizes = fc.integer({ min: 1, max: 9 })
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, fc.double({ min: -3, max: 3, noNaN: true }), (a, b, c, d, value) => {
        const [rows, height, columns, width] = [Math.max(a, b), Math.min(a, b), Math.max(c, d), Math.min(c, d)]
        tf.tidy(() => {
          const constant = applyResize(tf.fill([2, rows, columns, 2], value), height, width)
          for (const pixel of constant.dataSync()) expect(pixel).toBeCloseTo(value, 5)
          const images = chirp([2, rows, columns, 3])
          const small = applyResize(images, height, width).dataSync()
          expect(Math.max(...small)).toBeLessThanOrEqual(Math.max(...images.dataSync()) + 1e-6)
          expect(Math.min(...small)).toBeGreaterThanOrEqual(Math.min(...images.dataSync()) - 1e-6)
          const same = applyResize(images, rows, columns).dataSync()
          images.dataSync().forEach((pixel, index) => void expect(same[index]).toBeCloseTo(pixel, 6))
          const alone = applyResize(tf.slice(images, [1, 0, 0, 0], [1, -1, -1, -1]), height, width).dataSync()
          alone.forEach((pixel, index) => void expect(small[alone.length + index]).toBeCloseTo(pixel, 6))
        })
      }),
      { numRuns: 40 },
    )
  })
})

test('corners lie everywhere and nowhere outside', () => {
  const seen = new Set<string>()
  for (let key = 0; key < 400; key++) seen.add(drawCorner(createRng(1).at(key), [6, 5], [4, 4]).join())
  expect([...seen].sort()).toEqual(['0,0', '0,1', '1,0', '1,1', '2,0', '2,1'])
})

describe('the callback', () => {
  const registry = createRegistry([progressiveResize], { rng: createRng(1) })
  const create = (options: object) => {
    const { use, problems } = registry.normalize('callback', { use: 'progressive-resize', ...options }, 'test')
    expect(problems).toEqual([])
    const callback = registry.create('callback', use, { source: undefined as never, metrics: [] })
    return createHooks([{ name: 'progressive-resize', stage: 'data', callback }])
  }
  const info = { epochs: 2, stepsPerEpoch: 5, firstStep: 100, firstEpoch: 7 } as FitInfo

  const batchAt = (step: number): Batch => {
    const images = chirp([2, 16, 16, 1])
    return { images, targets: tf.ones([2, 3]), size: 2, training: true, epoch: 7, index: 0, step }
  }

  test('grows over the fit at hand, whatever was trained before', async () => {
    const hooks = create({ delayFraction: 0.2, finetuneFraction: 0.3, sizeIncrement: 2 })
    await hooks.run('beforeFit', info)
    const widths: number[] = []
    for (let step = 100; step < 110; step++) {
      const { images, targets } = await hooks.run('beforeBatch', batchAt(step))
      widths.push(images.shape[2])
      tf.dispose([images, targets])
    }
    // A ramp from 8 to 16 over steps 2 to 7: 8, 9.6, 11.2, 12.8, 14.4, 16, to even numbers.
    expect(widths).toEqual([8, 8, 8, 10, 12, 12, 14, 16, 16, 16])
  })

  test('crops a region of the batch, keyed by the step', async () => {
    const hooks = create({ mode: 'crop', initialScale: 0.75 })
    await hooks.run('beforeFit', info)
    const corners = new Set<string>()
    for (let step = 100; step < 105; step++) {
      const batch = batchAt(step)
      const whole = batch.images.arraySync()
      const { images, targets } = await hooks.run('beforeBatch', batch)
      const region = images.arraySync()
      tf.dispose([images, targets])
      const places = [0, 1, 2, 3, 4].flatMap((top) => [0, 1, 2, 3, 4].map((left) => [top, left] as const))
      const found = places.filter(([top, left]) =>
        region.every((image, n) =>
          image.every((row, y) => row.every((pixel, x) => pixel[0] === whole[n]![top + y]![left + x]![0])),
        ),
      )
      expect(found).toHaveLength(1)
      corners.add(found[0]!.join())
    }
    expect(corners.size).toBeGreaterThan(2)
  })

  test('refuses shares of more than the fit, and images that would vanish', async () => {
    expect(() => create({ delayFraction: 0.6, finetuneFraction: 0.5 })).toThrow('[E_OPTION_RANGE]')
    const hooks = create({ initialScale: 0.1, sizeIncrement: 8 })
    await hooks.run('beforeFit', info)
    const batch = batchAt(100)
    await expect(hooks.run('beforeBatch', batch)).rejects.toThrow(/\[E_SHAPE\].*16 × 16/)
    tf.dispose([batch.images, batch.targets])
  })
})
