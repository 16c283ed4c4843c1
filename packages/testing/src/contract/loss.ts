import { createRng, type Loss } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import fc from 'fast-check'
import { seeds, targetDistributions } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions } from './spec.ts'
import { expectFinite, expectNoLeak, expectSameBits, memory, valuesOf } from './tensors.ts'

export interface LossSpec extends ComponentSpec {
  /** The loss of one sample in float64: what the mean over the batch must agree with. */
  readonly reference?: (scores: readonly number[], targets: readonly number[]) => number
  /** Largest relative error that float32 is granted; default 1e-4. */
  readonly tolerance?: number
}

/** Runs the contract of a loss on the current engine; the problems found, none for a sound loss. */
export async function checkLoss(spec: LossSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(lossChecks, spec, selection)
}

interface LossBatch {
  readonly scores: readonly (readonly number[])[]
  readonly targets: readonly (readonly number[])[]
}

/** Scores with deviation 3, which is what untrained and trained networks give. */
const batches: fc.Arbitrary<LossBatch> = fc
  .record({ rows: fc.integer({ min: 1, max: 7 }), classes: fc.integer({ min: 2, max: 6 }) })
  .chain(({ rows, classes }) =>
    fc.record({
      scores: seeds.map((seed) => drawScores(seed, rows, classes)),
      targets: targetDistributions(rows, classes),
    }),
  )

function drawScores(seed: number, rows: number, classes: number): number[][] {
  const stream = createRng(seed).at('scores')
  return Array.from({ length: rows }, () => Array.from({ length: classes }, () => Math.fround(3 * stream.normal())))
}

const fixed: LossBatch = {
  scores: drawScores(1, 3, 4),
  targets: [
    [1, 0, 0, 0],
    [0, 0.25, 0.75, 0],
    [0.25, 0.25, 0.25, 0.25],
  ],
}

export const lossChecks: readonly Check<LossSpec>[] = [
  ...optionChecks<LossSpec>('loss', async (_spec, registry, use) =>
    String(await lossOf(registry.create('loss', use, {}), fixed)),
  ),
  {
    name: 'the loss is the mean over the samples',
    run: (spec) =>
      forLosses(spec, (loss) =>
        forAll(batches, 40, async (batch) => {
          const value = await lossOf(loss, batch)
          const single = spec.reference ?? ((scores, targets) => lossOf(loss, { scores: [scores], targets: [targets] }))
          let sum = 0
          for (const [row, scores] of batch.scores.entries()) sum += await single(scores, batch.targets[row]!)
          const expected = sum / batch.scores.length
          if (Math.abs(value - expected) <= (spec.tolerance ?? 1e-4) * (1 + Math.abs(expected))) return
          const from = spec.reference === undefined ? 'the mean of its samples' : 'the reference'
          violate(`the loss of ${batch.scores.length} samples is ${value}, ${from} ${expected}`)
        }),
      ),
  },
  {
    name: 'loss and gradient are finite, at large scores too',
    run: (spec) =>
      forLosses(spec, async (loss) => {
        for (const scale of [1, 1e4]) {
          const scores = fixed.scores.map((row) => row.map((score) => score * scale))
          expectFinite(`the loss at scores of ${3 * scale}`, [await lossOf(loss, { ...fixed, scores })])
          expectFinite(`the gradient at scores of ${3 * scale}`, await gradientOf(loss, { ...fixed, scores }))
        }
      }),
  },
  {
    name: 'the gradient is the slope of the loss',
    run: (spec) => forLosses(spec, checkSlope),
  },
  {
    name: 'inputs are left as they were',
    run: (spec) =>
      forLosses(spec, async (loss) => {
        const [scores, targets] = tensorsOf(fixed)
        const before = [await valuesOf(scores), await valuesOf(targets)]
        tf.dispose(tf.tidy(() => tf.clone(loss.apply(scores, targets))))
        if (scores.isDisposed || targets.isDisposed) violate('the loss disposed of its inputs')
        expectSameBits('the scores', before[0]!, await valuesOf(scores))
        expectSameBits('the targets', before[1]!, await valuesOf(targets))
        tf.dispose([scores, targets])
      }),
  },
  {
    name: 'no tensor is left over',
    run: async (spec) => {
      const before = memory()
      await forLosses(spec, async (loss) => {
        await lossOf(loss, fixed)
        await gradientOf(loss, fixed)
      })
      expectNoLeak('after a loss and its gradient', before)
    },
  },
]

async function forLosses(spec: LossSpec, body: (loss: Loss) => void | Promise<void>): Promise<void> {
  await forOptions(spec, 'loss', (registry, use) => body(registry.create('loss', use, {})))
}

function tensorsOf({ scores, targets }: LossBatch): [tf.Tensor2D, tf.Tensor2D] {
  const shape: [number, number] = [scores.length, scores[0]!.length]
  return [tf.tensor2d(scores.flat(), shape), tf.tensor2d(targets.flat(), shape)]
}

async function lossOf(loss: Loss, batch: LossBatch): Promise<number> {
  const value = tf.tidy(() => tf.clone(loss.apply(...tensorsOf(batch))))
  if (value.rank !== 0) violate(`the loss has the shape [${value.shape}]; expected a scalar`)
  const [number] = await valuesOf(value)
  value.dispose()
  return number!
}

async function gradientOf(loss: Loss, batch: LossBatch): Promise<Float32Array> {
  const gradient = tf.tidy(() => {
    const [scores, targets] = tensorsOf(batch)
    return tf.grad((x) => loss.apply(x as tf.Tensor2D, targets))(scores)
  })
  const values = await valuesOf(gradient)
  gradient.dispose()
  return values
}

/** Central differences in a random direction; loose, because float32 leaves few digits of a difference. */
async function checkSlope(loss: Loss): Promise<void> {
  const step = 1e-2
  const directions = drawScores(9, 3, 4)
  const moved = (factor: number): LossBatch => ({
    ...fixed,
    scores: fixed.scores.map((row, i) => row.map((score, k) => score + factor * directions[i]![k]!)),
  })
  const measured = ((await lossOf(loss, moved(step))) - (await lossOf(loss, moved(-step)))) / (2 * step)
  const gradient = await gradientOf(loss, fixed)
  const declared = directions.flat().reduce((sum, direction, index) => sum + direction * gradient[index]!, 0)
  if (Math.abs(measured - declared) <= 0.02 * Math.max(0.1, Math.abs(measured))) return
  violate(`along a random direction the loss changes by ${measured}, its gradient says ${declared}`)
}
