import { canonicalJson, createRng, type Json, type Metric } from '@tricklab/core'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import fc from 'fast-check'
import { seeds, targetDistributions } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions } from './spec.ts'
import { expectNoLeak, expectSameBits, memory, valuesOf } from './tensors.ts'

type Rows = readonly (readonly number[])[]

export interface MetricSpec extends ComponentSpec {
  /** The metric over all samples at once in float64; without it, the value from one batch is what others must equal. */
  readonly reference?: (scores: Rows, targets: Rows, options: { readonly [option: string]: Json }) => number
  /** Number of classes; default 4. */
  readonly classes?: number
  /** Largest difference from the reference; default 1e-6. */
  readonly tolerance?: number
}

/** Runs the contract of a metric on the current engine; the problems found, none for a sound one. */
export async function checkMetric(spec: MetricSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(metricChecks, spec, selection)
}

interface Samples {
  readonly scores: Rows
  readonly targets: Rows
}

interface Split extends Samples {
  /** Sizes of the batches, in order. */
  readonly sizes: readonly number[]
}

const classesOf = ({ classes = 4 }: MetricSpec) => classes

/** Samples, and a way to split them into batches. */
function splits(classes: number): fc.Arbitrary<Split> {
  return fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }).chain((sizes) => {
    const rows = sizes.reduce((sum, size) => sum + size, 0)
    return fc.record({
      sizes: fc.constant(sizes),
      scores: seeds.map((seed) => drawScores(seed, rows, classes)),
      targets: targetDistributions(rows, classes),
    })
  })
}

function drawScores(seed: number, rows: number, classes: number): number[][] {
  const stream = createRng(seed).at('scores')
  return Array.from({ length: rows }, () => Array.from({ length: classes }, () => Math.fround(stream.normal())))
}

export const metricChecks: readonly Check<MetricSpec>[] = [
  ...optionChecks<MetricSpec>('metric', async (spec, registry, use) => {
    const metric = create(spec, registry, use)
    await feed(metric, fixedSplit(spec))
    return String(metric.compute())
  }),
  {
    name: 'the value is that over all samples, however they are split into batches',
    run: (spec) =>
      forMetrics(spec, (makeMetric, options) =>
        forAll(splits(classesOf(spec)), 40, async (split) => {
          const metric = makeMetric()
          await feed(metric, split)
          const expected = spec.reference?.(split.scores, split.targets, options) ?? (await atOnce(makeMetric(), split))
          const from = spec.reference === undefined ? 'one batch gives' : 'the reference is'
          expectClose(metric.compute(), expected, spec, `batches of ${split.sizes.join(', ')} give`, from)
        }),
      ),
  },
  {
    name: 'a state restored in the middle leads to the same value',
    run: (spec) =>
      forMetrics(spec, (makeMetric) =>
        forAll(splits(classesOf(spec)), 25, async (split) => {
          const batches = batchesOf(split)
          const whole = makeMetric()
          await feed(whole, split)
          for (let cut = 0; cut <= batches.length; cut++) {
            const first = makeMetric()
            for (const batch of batches.slice(0, cut)) await update(first, batch)
            const state = first.state()
            const read = JSON.parse(JSON.stringify(state)) as Json
            if (canonicalJson(read) !== canonicalJson(state)) violate('the state does not survive JSON')
            // What happens to the first metric afterwards must not reach the state that was taken.
            for (const batch of batches) await update(first, batch)
            if (canonicalJson(read) !== canonicalJson(state))
              violate('a state that was taken changes with the next update')
            const second = makeMetric()
            second.restore(read)
            for (const batch of batches.slice(cut)) await update(second, batch)
            const [a, b] = [whole.compute(), second.compute()]
            if (!Object.is(a, b))
              violate(`restored after ${cut} of ${batches.length} batches it gives ${b}; expected ${a}`)
          }
        }),
      ),
  },
  {
    name: 'reset forgets everything',
    run: (spec) =>
      forMetrics(spec, async (makeMetric) => {
        const [used, fresh] = [makeMetric(), makeMetric()]
        await feed(used, { ...fixedSplit(spec), scores: drawScores(8, 5, classesOf(spec)) })
        used.reset()
        await feed(used, fixedSplit(spec))
        await feed(fresh, fixedSplit(spec))
        const [a, b] = [used.compute(), fresh.compute()]
        if (!Object.is(a, b)) violate(`after reset it gives ${a}; a fresh one ${b}`)
      }),
  },
  {
    name: 'computing changes nothing, and inputs are left as they were',
    run: (spec) =>
      forMetrics(spec, async (makeMetric) => {
        const metric = makeMetric()
        const [scores, targets] = tensorsOf(fixedSplit(spec))
        const before = [await valuesOf(scores), await valuesOf(targets)] as const
        await metric.update(scores, targets)
        if (scores.isDisposed || targets.isDisposed) violate('the metric disposed of its inputs')
        expectSameBits('the scores', before[0], await valuesOf(scores))
        expectSameBits('the targets', before[1], await valuesOf(targets))
        tf.dispose([scores, targets])
        const [a, b] = [metric.compute(), metric.compute()]
        if (!Object.is(a, b)) violate(`compute gives ${a}, then ${b}`)
        if (metric.better !== 'higher' && metric.better !== 'lower') violate(`better is ${String(metric.better)}`)
      }),
  },
  {
    name: 'no tensor is left over',
    async run(spec) {
      const before = memory()
      await forMetrics(spec, async (makeMetric) => {
        const metric = makeMetric()
        await feed(metric, fixedSplit(spec))
        metric.compute()
        expectNoLeak('after three batches', before)
        metric.reset()
        expectNoLeak('after reset()', before)
      })
    },
  },
]

function fixedSplit(spec: MetricSpec): Split {
  const classes = classesOf(spec)
  const targets = [0, 1, 0, 1, 1].map((label) => Array.from({ length: classes }, (_, k) => +(k === label)))
  return { sizes: [2, 2, 1], scores: drawScores(3, 5, classes), targets }
}

function create(spec: MetricSpec, registry: Registry, use: NormalUse): Metric {
  return registry.create('metric', use, { classes: Array.from({ length: classesOf(spec) }, (_, k) => `class ${k}`) })
}

async function forMetrics(
  spec: MetricSpec,
  body: (makeMetric: () => Metric, options: { readonly [option: string]: Json }) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'metric', (registry, use) => body(() => create(spec, registry, use), use))
}

function batchesOf({ sizes, scores, targets }: Split): Samples[] {
  let start = 0
  return sizes.map((size) => {
    const batch = { scores: scores.slice(start, start + size), targets: targets.slice(start, start + size) }
    start += size
    return batch
  })
}

async function feed(metric: Metric, split: Split): Promise<void> {
  for (const batch of batchesOf(split)) await update(metric, batch)
}

async function atOnce(metric: Metric, samples: Samples): Promise<number> {
  await update(metric, samples)
  return metric.compute()
}

async function update(metric: Metric, samples: Samples): Promise<void> {
  const tensors = tensorsOf(samples)
  await metric.update(...tensors)
  tf.dispose(tensors)
}

function tensorsOf({ scores, targets }: Samples): [tf.Tensor2D, tf.Tensor2D] {
  const shape: [number, number] = [scores.length, scores[0]!.length]
  return [tf.tensor2d(scores.flat(), shape), tf.tensor2d(targets.flat(), shape)]
}

function expectClose(value: number, expected: number, spec: MetricSpec, what: string, from: string): void {
  if (Math.abs(value - expected) <= (spec.tolerance ?? 1e-6) || Object.is(value, expected)) return
  violate(`${what} ${value}, ${from} ${expected}`)
}
