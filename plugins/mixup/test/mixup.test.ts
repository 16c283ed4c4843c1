import { readFileSync } from 'node:fs'
import { type Batch, createRegistry, createRng } from '@tricklab/core'
import { createHooks } from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { createCrossEntropy } from '@tricklab/nn'
import { drawImages, reference, seeds, targetDistributions } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { applyMix } from '../src/apply-mix.ts'
import { drawMix, type MixPlan } from '../src/draw-mix.ts'
import mixup from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const shape = [2, 3, 2] as const
const pixels = 12

const plans = (size: number) =>
  fc
    .record({
      seed: seeds,
      alpha: fc.double({ min: 0.01, max: 5, noNaN: true }),
      per: fc.constantFrom('sample' as const, 'batch' as const),
    })
    .map(({ seed, alpha, per }) => drawMix(createRng(seed).at('mix', 0), size, { alpha, per }))

const cases = fc.integer({ min: 1, max: 6 }).chain((size) =>
  fc.record({
    plan: plans(size),
    images: seeds.map((seed) => drawImages(seed, size, shape)),
    targets: targetDistributions(size, 4),
  }),
)

function mix(images: Float32Array, targets: number[][], plan: MixPlan): { images: number[][]; targets: number[][] } {
  return tf.tidy(() => {
    const size = targets.length
    const mixed = applyMix(tf.tensor4d(images, [size, ...shape]), tf.tensor2d(targets), plan)
    return {
      images: tf.reshape(mixed.images, [size, pixels]).arraySync() as number[][],
      targets: mixed.targets.arraySync(),
    }
  })
}

const rowsOf = (images: Float32Array) =>
  Array.from({ length: images.length / pixels }, (_, n) => Array.from(images.subarray(n * pixels, (n + 1) * pixels)))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const planOf = (partners: readonly number[], shares: readonly number[]): MixPlan => ({
  partners: Uint32Array.from(partners),
  shares: Float32Array.from(shares),
})

describe('a plan', () => {
  test('has a permutation, and shares from 0.5 to 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }).chain(plans), ({ partners, shares }) => {
        expect([...partners].sort((a, b) => a - b)).toEqual([...partners.keys()])
        expect(shares.length).toBe(partners.length)
        for (const share of shares) {
          expect(share).toBeGreaterThanOrEqual(0.5)
          expect(share).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('has a share for each image, or one for the batch', () => {
    const draw = (per: 'sample' | 'batch') => drawMix(createRng(1).at('mix', 0), 50, { alpha: 1, per })
    expect(new Set(draw('sample').shares).size).toBe(50)
    expect(new Set(draw('batch').shares).size).toBe(1)
  })

  test.each([
    [0.2, 0.899],
    [0.4, 0.84],
    [0.5, 0.5 + 1 / Math.PI],
  ])('for alpha %d has shares of mean %d', (alpha, mean) => {
    const { shares } = drawMix(createRng(7).at('mix', 0), 40_000, { alpha, per: 'sample' })
    // The deviation of a share is below 0.17, so this is six standard errors.
    expect(Math.abs(sum([...shares]) / shares.length - mean)).toBeLessThan(0.005)
  })
})

describe('mixing', () => {
  test('keeps every value between its parents, and targets summing to 1', () => {
    fc.assert(
      fc.property(cases, ({ plan, images, targets }) => {
        const mixed = mix(images, targets, plan)
        const parents = rowsOf(images)
        for (const [n, row] of mixed.images.entries()) {
          for (const [k, value] of row.entries()) {
            const [a, b] = [parents[n]![k]!, parents[plan.partners[n]!]![k]!]
            expect(value).toBeGreaterThanOrEqual(Math.min(a, b) - 1e-6)
            expect(value).toBeLessThanOrEqual(Math.max(a, b) + 1e-6)
          }
        }
        for (const row of mixed.targets) {
          expect(sum(row)).toBeCloseTo(1, 5)
          expect(Math.min(...row)).toBeGreaterThanOrEqual(-1e-6)
        }
      }),
    )
  })

  test('with share 1, or of an image with itself, changes no bit', () => {
    fc.assert(
      fc.property(cases, ({ plan, images, targets }) => {
        const unmixed = mix(images, targets, { ...plan, shares: plan.shares.map(() => 1) })
        expect(unmixed.images).toEqual(rowsOf(images))
        const alone = mix(images, targets, { ...plan, partners: plan.partners.map((_, n) => n) })
        expect(alone.images).toEqual(rowsOf(images))
        expect(alone.targets).toEqual(unmixed.targets)
      }),
    )
  })

  test('i with j by λ is mixing j with i by 1 − λ', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        targetDistributions(2, 4),
        (seed, share, targets) => {
          const images = drawImages(seed, 2, shape)
          const there = mix(images, targets, planOf([1, 0], [share, share]))
          const back = mix(images, targets, planOf([1, 0], [1 - share, 1 - share]))
          for (const [k, value] of there.images[0]!.entries()) expect(value).toBeCloseTo(back.images[1]![k]!, 5)
          for (const [k, value] of there.targets[0]!.entries()) expect(value).toBeCloseTo(back.targets[1]![k]!, 5)
        },
      ),
    )
  })

  test('treats images and targets alike', () => {
    fc.assert(
      fc.property(cases, ({ plan, targets }) => {
        // Targets written into the images come out as the targets do.
        const images = Float32Array.from(
          targets.flatMap((row) => Array.from({ length: pixels }, (_, k) => row[k % 4]!)),
        )
        const mixed = mix(images, targets, plan)
        for (const [n, row] of mixed.images.entries()) {
          for (const [k, value] of row.entries()) expect(value).toBeCloseTo(mixed.targets[n]![k % 4]!, 6)
        }
      }),
    )
  })

  test('with one share for the batch keeps the mean of the targets', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), ({ plan, images, targets }, share) => {
        const mixed = mix(images, targets, { ...plan, shares: plan.shares.map(() => share) })
        for (const k of [0, 1, 2, 3]) {
          expect(sum(mixed.targets.map((row) => row[k]!))).toBeCloseTo(sum(targets.map((row) => row[k]!)), 5)
        }
      }),
    )
  })

  test('gives the loss that mixes the losses of both parents', () => {
    fc.assert(
      fc.property(cases, seeds, ({ plan, images, targets }, seed) => {
        const stream = createRng(seed).at('scores')
        const scores = targets.map((row) => row.map(() => 3 * stream.normal()))
        const mixed = mix(images, targets, plan)
        const expected = scores.map((row, n) => {
          const [own, other] = [n, plan.partners[n]!].map((m) => reference.softmaxCrossEntropy(row, targets[m]!))
          return plan.shares[n]! * own! + (1 - plan.shares[n]!) * other!
        })
        expect(lossOf(scores, mixed.targets).value).toBeCloseTo(sum(expected) / scores.length, 4)
      }),
    )
  })

  test('commutes with every map that treats all targets alike, such as label smoothing', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), ({ plan, images, targets }, epsilon) => {
        const smooth = (rows: number[][]) => rows.map((row) => row.map((p) => (1 - epsilon) * p + epsilon / row.length))
        const [first, last] = [mix(images, smooth(targets), plan).targets, smooth(mix(images, targets, plan).targets)]
        for (const [n, row] of first.entries()) {
          for (const [k, value] of row.entries()) expect(value).toBeCloseTo(last[n]![k]!, 5)
        }
      }),
    )
  })
})

function lossOf(scores: number[][], targets: number[][]): { value: number; gradient: number[] } {
  return tf.tidy(() => {
    const loss = createCrossEntropy()
    const { value, grad } = tf.valueAndGrad((x) => loss.apply(x as tf.Tensor2D, tf.tensor2d(targets)))(
      tf.tensor2d(scores),
    )
    return { value: value.dataSync()[0]!, gradient: Array.from(grad.dataSync()) }
  })
}

describe('golden numbers of PyTorch and fastai', () => {
  const golden = JSON.parse(readFileSync(new URL('./golden/mixup.json', import.meta.url), 'utf8')) as {
    labels: number[]
    partners: number[]
    shares: number[]
    images: number[]
    targets: number[][]
    losses: Record<'plain' | 'smoothed', { value: number; gradient: number[] }>
  }
  // As in golden/make_mixup.py.
  const chirp = (size: number, phase: number, scale = 1) =>
    Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.7 * i * i + phase))
  const targets = golden.labels.map((label) => Array.from({ length: 5 }, (_, k) => +(k === label)))
  const plan = planOf(golden.partners, golden.shares)

  test('mixed images and targets', () => {
    const mixed = tf.tidy(() => {
      const { images, targets: mixed } = applyMix(
        tf.tensor4d(chirp(144, 0.2), [6, 4, 3, 2]),
        tf.tensor2d(targets),
        plan,
      )
      return { images: images.dataSync(), targets: mixed.arraySync() }
    })
    for (const [index, value] of golden.images.entries()) expect(mixed.images[index]).toBeCloseTo(value, 6)
    for (const [n, row] of golden.targets.entries()) {
      for (const [k, value] of row.entries()) expect(mixed.targets[n]![k]).toBeCloseTo(value, 6)
    }
  })

  test.each(['plain', 'smoothed'] as const)('the %s loss and its gradient', (name) => {
    const smoothed = name === 'plain' ? targets : targets.map((row) => row.map((p) => 0.9 * p + 0.1 / 5))
    const mixed = tf.tidy(() => applyMix(tf.zeros([6, 1, 1, 1]), tf.tensor2d(smoothed), plan).targets.arraySync())
    const scores = chirp(30, 0.5, 3)
    const rows = Array.from({ length: 6 }, (_, n) => Array.from(scores.subarray(n * 5, n * 5 + 5)))
    const { value, gradient } = lossOf(rows, mixed)
    expect(Math.abs(value / golden.losses[name].value - 1)).toBeLessThan(1e-6)
    for (const [k, expected] of golden.losses[name].gradient.entries()) expect(gradient[k]).toBeCloseTo(expected, 6)
  })
})

describe('the callback', () => {
  async function run({ seed = 1, step = 0, training = true }): Promise<number[]> {
    const registry = createRegistry([mixup], { rng: createRng(seed) })
    const { use } = registry.normalize('callback', 'mixup', 'test')
    const callback = registry.create('callback', use, { source: {} as never, metrics: [] })
    const hooks = createHooks([{ name: 'mixup', stage: 'target', callback }])
    const batch: Batch = {
      images: tf.tensor4d(drawImages(3, 5, shape), [5, ...shape]),
      targets: tf.tidy(() => tf.cast(tf.oneHot([0, 1, 2, 3, 0], 4), 'float32')) as tf.Tensor2D,
      ...{ size: 5, training, epoch: 0, index: 0, step },
    }
    const after = await hooks.run('beforeBatch', batch)
    const values = [...after.images.dataSync(), ...after.targets.dataSync()]
    tf.dispose([after.images, after.targets])
    return values
  }

  test('is keyed by seed and step, and leaves validation alone', async () => {
    expect(await run({})).toEqual(await run({}))
    expect(await run({ step: 1 })).not.toEqual(await run({}))
    expect(await run({ seed: 2 })).not.toEqual(await run({}))
    expect((await run({ training: false })).slice(0, 60)).toEqual(Array.from(drawImages(3, 5, shape)))
  })
})
