import { createRng, type Predictor } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import fc from 'fast-check'
import { seeds } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, type OptionSet, show } from './spec.ts'
import { expectFinite, expectNoLeak, expectSameBits, memory, valuesOf } from './tensors.ts'

export interface PredictorSpec extends ComponentSpec {
  /** The probabilities of one sample in float64, from those of the plain view and of the drawn ones. */
  readonly reference?: (plain: readonly number[], views: readonly (readonly number[])[], options: OptionSet) => number[]
  /** Largest error of a probability; default 1e-5. */
  readonly tolerance?: number
}

/** Runs the contract of a predictor on the current engine; the problems found, none for a sound one. */
export async function checkPredictor(spec: PredictorSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(predictorChecks, spec, selection)
}

/** Scores of every view, the plain one first. */
type ViewScores = readonly (readonly (readonly number[])[])[]

const classes = 4

function drawScores(seed: number, rows: number, views: number, scale = 3): ViewScores {
  const stream = createRng(seed).at('scores')
  const row = () => Array.from({ length: classes }, () => Math.fround(scale * stream.normal()))
  return Array.from({ length: views + 1 }, () => Array.from({ length: rows }, row))
}

export const predictorChecks: readonly Check<PredictorSpec>[] = [
  ...optionChecks<PredictorSpec>('predictor', async (_spec, registry, use) => {
    const predictor = registry.create('predictor', use, {})
    return `${predictor.views} ${(await combine(predictor, drawScores(1, 3, predictor.views))).join()}`
  }),
  {
    name: 'it draws a whole number of views, one at least',
    run: (spec) =>
      forPredictors(spec, ({ views }) => {
        if (!Number.isInteger(views) || views < 1) violate(`it wants ${views} views`)
      }),
  },
  {
    name: 'every sample is scored by itself, in the shape of its views',
    run: (spec) =>
      forPredictors(spec, async (predictor) => {
        const scores = drawScores(2, 5, predictor.views)
        const whole = await combine(predictor, scores)
        for (let row = 0; row < 5; row++) {
          const single = await combine(
            predictor,
            scores.map((view) => [view[row]!]),
          )
          expectSameBits(
            `sample ${row}, and the same one alone`,
            whole.slice(row * classes, (row + 1) * classes),
            single,
          )
        }
      }),
  },
  {
    name: 'views that are all the same score as one of them',
    run: (spec) =>
      forPredictors(spec, (predictor) =>
        forAll(seeds, 20, async (seed) => {
          const [plain] = drawScores(seed, 3, predictor.views)
          const same = Array.from({ length: predictor.views + 1 }, () => plain!)
          const expected = plain!.flatMap((row) => softmax(row))
          expectClose(await combine(predictor, same), expected, 1e-5, 'equal views')
        }),
      ),
  },
  {
    name: 'probabilities are those of the reference',
    run: (spec) =>
      forPredictors(spec, async (predictor, options) => {
        const { reference, tolerance = 1e-5 } = spec
        if (reference === undefined) return
        await forAll(fc.tuple(seeds, fc.integer({ min: 1, max: 4 })), 25, async ([seed, rows]) => {
          const scores = drawScores(seed, rows, predictor.views)
          const [plain, ...views] = scores.map((view) => view.map((row) => softmax(row)))
          const expected = plain!.flatMap((row, index) =>
            reference(
              row,
              views.map((view) => view[index]!),
              options,
            ),
          )
          expectClose(await combine(predictor, scores), expected, tolerance, show(options))
        })
      }),
  },
  {
    name: 'scores are finite where probabilities round to 0',
    run: (spec) =>
      forPredictors(spec, async (predictor) => {
        const scores = drawScores(3, 3, predictor.views, 1e4)
        expectFinite('the score', await combine(predictor, scores))
      }),
  },
  {
    name: 'inputs are left as they were',
    run: (spec) =>
      forPredictors(spec, async (predictor) => {
        const views = logarithms(drawScores(4, 2, predictor.views))
        const before = await Promise.all(views.map(valuesOf))
        tf.tidy(() => void predictor.combine(views[0]!, views.slice(1)))
        for (const [index, view] of views.entries()) {
          if (view.isDisposed) violate(`view ${index} was disposed of`)
          expectSameBits(`view ${index}`, before[index]!, await valuesOf(view))
        }
        tf.dispose(views)
      }),
  },
  {
    name: 'no tensor is left over',
    async run(spec) {
      const before = memory()
      await forPredictors(spec, async (predictor) => {
        await combine(predictor, drawScores(5, 2, predictor.views))
      })
      expectNoLeak('after a batch', before)
    },
  },
]

async function forPredictors(
  spec: PredictorSpec,
  body: (predictor: Predictor, options: OptionSet) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'predictor', (registry, use) => body(registry.create('predictor', use, {}), use))
}

const logarithms = (scores: ViewScores): tf.Tensor2D[] =>
  scores.map((view) => tf.tidy(() => tf.logSoftmax(tf.tensor2d(view.flat(), [view.length, classes]))))

async function combine(predictor: Predictor, scores: ViewScores): Promise<Float32Array> {
  const views = logarithms(scores)
  // A clone, so that a predictor that hands back a view does not lose it here.
  const combined = tf.tidy(() => tf.clone(predictor.combine(views[0]!, views.slice(1))))
  tf.dispose(views)
  if (combined.shape.join() !== [scores[0]!.length, classes].join()) {
    violate(`views of [${scores[0]!.length},${classes}] became [${combined.shape}]`)
  }
  const values = await valuesOf(combined)
  combined.dispose()
  return values
}

function softmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const total = powers.reduce((sum, power) => sum + power, 0)
  return powers.map((power) => power / total)
}

function expectClose(logs: Float32Array, expected: readonly number[], tolerance: number, what: string): void {
  for (const [index, probability] of expected.entries()) {
    const found = Math.exp(logs[index]!)
    if (Math.abs(found - probability) <= tolerance) continue
    violate(`${what}: a probability is ${found}; expected ${probability}`)
  }
}
