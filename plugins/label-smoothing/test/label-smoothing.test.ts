import { readFileSync } from 'node:fs'
import { type Batch, createRegistry } from '@tricklab/core'
import { createHooks } from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { createCrossEntropy } from '@tricklab/nn'
import { reference, targetDistributions } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { applySmoothing } from '../src/apply-smoothing.ts'
import labelSmoothing from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const epsilons = fc.double({ min: 0, max: 0.99, noNaN: true })
const cases = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), outputs: fc.integer({ min: 2, max: 8 }) })
  .chain(({ rows, outputs }) =>
    fc.record({
      targets: targetDistributions(rows, outputs),
      scores: fc.array(
        fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: outputs, maxLength: outputs }),
        {
          minLength: rows,
          maxLength: rows,
        },
      ),
      epsilon: epsilons,
    }),
  )

function smooth(targets: number[][], epsilon: number): number[][] {
  return tf.tidy(() => applySmoothing(tf.tensor2d(targets), epsilon).arraySync())
}

/** Mean cross-entropy of the real loss, and its gradient with respect to the scores. */
function lossOf(scores: number[][], targets: number[][]): { value: number; gradient: number[][] } {
  return tf.tidy(() => {
    const loss = createCrossEntropy()
    const { value, grad } = tf.valueAndGrad((x) => loss.apply(x as tf.Tensor2D, tf.tensor2d(targets)))(
      tf.tensor2d(scores),
    )
    return { value: value.dataSync()[0]!, gradient: (grad as tf.Tensor2D).arraySync() }
  })
}

const oneHot = (label: number, outputs: number) => Array.from({ length: outputs }, (_, k) => +(k === label))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const highest = (row: readonly number[]) => row.indexOf(Math.max(...row))

describe('smoothed targets', () => {
  test('sum to 1, are at least epsilon / N and at most 1, and keep their order', () => {
    fc.assert(
      fc.property(cases, ({ targets, epsilon }) => {
        for (const [index, row] of smooth(targets, epsilon).entries()) {
          expect(sum(row)).toBeCloseTo(1, 5)
          expect(Math.min(...row)).toBeGreaterThanOrEqual(epsilon / row.length - 1e-7)
          expect(Math.max(...row)).toBeLessThanOrEqual(1 + 1e-6)
          // Accuracy does not change.
          expect(targets[index]![highest(row)]).toBe(Math.max(...targets[index]!))
        }
      }),
    )
  })

  test('0 changes nothing', () => {
    fc.assert(
      fc.property(cases, ({ targets }) => {
        expect(smooth(targets, 0)).toEqual(tf.tidy(() => tf.tensor2d(targets).arraySync()))
      }),
    )
  })
})

describe('the loss against them', () => {
  test('is (1 − epsilon) · CE + epsilon · CE(uniform)', () => {
    fc.assert(
      fc.property(cases, ({ targets, scores, epsilon }) => {
        const uniform = scores[0]!.map(() => 1 / scores[0]!.length)
        const expected = scores.map(
          (row, n) =>
            (1 - epsilon) * reference.softmaxCrossEntropy(row, targets[n]!) +
            epsilon * reference.softmaxCrossEntropy(row, uniform),
        )
        expect(lossOf(scores, smooth(targets, epsilon)).value).toBeCloseTo(sum(expected) / scores.length, 4)
      }),
    )
  })

  test('has the gradient softmax − target, which sums to 0', () => {
    fc.assert(
      fc.property(cases, ({ targets, scores, epsilon }) => {
        const smoothed = smooth(targets, epsilon)
        for (const [n, row] of lossOf(scores, smoothed).gradient.entries()) {
          const probabilities = reference.softmax(scores[n]!)
          for (const [k, entry] of row.entries()) {
            expect(entry * scores.length).toBeCloseTo(probabilities[k]! - smoothed[n]![k]!, 5)
          }
          expect(sum(row)).toBeCloseTo(0, 5)
        }
      }),
    )
  })

  test('does not change when a constant is added to the scores', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: -20, max: 20, noNaN: true }), ({ targets, scores, epsilon }, constant) => {
        const smoothed = smooth(targets, epsilon)
        const moved = scores.map((row) => row.map((score) => score + constant))
        expect(lossOf(moved, smoothed).value).toBeCloseTo(lossOf(scores, smoothed).value, 4)
      }),
    )
  })

  test('is at least the entropy of the smoothed target', () => {
    fc.assert(
      fc.property(cases, ({ targets, scores, epsilon }) => {
        const smoothed = smooth(targets, epsilon)
        const entropy = smoothed.flat().map((p) => (p === 0 ? 0 : -p * Math.log(p)))
        expect(lossOf(scores, smoothed).value).toBeGreaterThanOrEqual(sum(entropy) / scores.length - 1e-5)
      }),
    )
  })

  test.each([
    [10, 0.50029],
    [1000, 1.01485],
  ])('is smallest, with %i outputs, at the documented value and gap', (outputs, smallest) => {
    const smoothed = smooth([oneHot(3, outputs)], 0.1)
    const gap = Math.log((0.9 + 0.1 / outputs) / (0.1 / outputs))
    if (outputs === 10) expect(gap).toBeCloseTo(4.511, 3)
    const best = lossOf([oneHot(3, outputs).map((hot) => hot * gap)], smoothed)
    expect(best.value).toBeCloseTo(smallest, 5)
    for (const entry of best.gradient[0]!) expect(entry).toBeCloseTo(0, 6)
  })
})

describe('golden numbers of fastai', () => {
  const golden = JSON.parse(readFileSync(new URL('./golden/label-smoothing.json', import.meta.url), 'utf8')) as {
    cases: { rows: number; outputs: number; epsilon: number; labels: number[]; loss: number; gradient: number[] }[]
  }

  test.each(golden.cases)(
    '$outputs outputs, epsilon $epsilon',
    ({ rows, outputs, epsilon, labels, loss, gradient }) => {
      // As in golden/make_label_smoothing.py.
      const scores = Array.from({ length: rows }, (_, n) =>
        Array.from({ length: outputs }, (_, k) => Math.fround(3 * Math.sin(0.7 * (n * outputs + k) ** 2 + 0.5))),
      )
      const targets = labels.map((label) => oneHot(label, outputs))
      const found = lossOf(scores, smooth(targets, epsilon))
      expect(Math.abs(found.value / loss - 1)).toBeLessThan(1e-6)
      for (const [k, expected] of gradient.entries()) expect(found.gradient[0]![k]).toBeCloseTo(expected, 6)
    },
  )
})

describe('the callback', () => {
  async function run(options: object, training: boolean): Promise<number[][]> {
    const registry = createRegistry([labelSmoothing])
    const { use } = registry.normalize('callback', { use: 'label-smoothing', ...options }, 'test')
    const hooks = createHooks([
      {
        name: 'label-smoothing',
        stage: 'target',
        callback: registry.create('callback', use, { source: {} as never, metrics: [] }),
      },
    ])
    const batch: Batch = {
      images: tf.zeros([2, 1, 1, 1]),
      targets: tf.tensor2d([
        [1, 0, 0, 0],
        [0, 0, 1, 0],
      ]),
      ...{ size: 2, training, epoch: 0, index: 0, step: 0 },
    }
    const after = await hooks.run('beforeBatch', batch)
    const targets = after.targets.arraySync()
    tf.dispose([after.images, after.targets])
    return targets
  }

  test('smooths training, and validation unless told not to', async () => {
    const smoothed = [
      [0.925, 0.025, 0.025, 0.025],
      [0.025, 0.025, 0.925, 0.025],
    ].map((row) => row.map((value) => expect.closeTo(value, 6)))
    expect(await run({}, true)).toEqual(smoothed)
    expect(await run({}, false)).toEqual(smoothed)
    expect(await run({ validation: false }, true)).toEqual(smoothed)
    expect(await run({ validation: false }, false)).toEqual([
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ])
  })
})
