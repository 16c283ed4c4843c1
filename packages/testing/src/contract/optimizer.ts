import { createRng, type NamedParam, type Optimizer } from '@tricklab/core'
import { byRate } from '@tricklab/core/params'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
import { learningRateOf } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type Check, type ContractProblem, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, show } from './spec.ts'
import {
  expectFinite,
  expectNoLeak,
  expectSameBits,
  expectSameParams,
  memory,
  snapshotParams,
  valuesOf,
} from './tensors.ts'

export interface OptimizerSpec extends ComponentSpec {
  /** Learning rate of the checks; default 0.01. */
  readonly learningRate?: number
}

/** Runs the contract of an optimizer on the current engine; the problems found, none for a sound one. */
export async function checkOptimizer(spec: OptimizerSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(optimizerChecks, spec, selection)
}

export const optimizerChecks: readonly Check<OptimizerSpec>[] = [
  ...optionChecks<OptimizerSpec>('optimizer', async (spec, registry, use) => {
    const bench = createBench(registry.create('optimizer', use, {}), rateOf(spec))
    await bench.steps(1, 3)
    const values = await snapshotParams(bench.params)
    bench.dispose()
    return JSON.stringify([...values].map(([path, data]) => [path, [...data]]))
  }),
  {
    name: 'a step changes every parameter, and keeps it finite',
    run: (spec) =>
      forBenches(spec, async (bench) => {
        const before = await snapshotParams(bench.params)
        await bench.steps(1, 3)
        for (const [path, values] of await snapshotParams(bench.params)) {
          expectFinite(`parameter "${path}"`, values)
          if (values.every((value, index) => value === before.get(path)![index])) violate(`parameter "${path}" stays`)
        }
      }),
  },
  {
    name: 'steps go down',
    run: (spec) =>
      forBenches(spec, async (bench) => {
        const height = async () => {
          let sum = 0
          for (const values of (await snapshotParams(bench.params)).values())
            for (const value of values) sum += value ** 2
          return sum
        }
        const before = await height()
        await bench.steps(1, 20, 'down a bowl')
        const after = await height()
        if (!(after < before)) violate(`20 steps down the bowl Σp² lead from ${before} to ${after}`)
      }),
  },
  {
    name: 'learning rate 0 changes nothing',
    run: (spec) =>
      forBenches(
        spec,
        async (bench) => {
          const before = await snapshotParams(bench.params)
          await bench.steps(1, 3)
          expectSameParams('parameters after steps of rate 0', before, await snapshotParams(bench.params))
        },
        0,
      ),
  },
  { name: 'resumed steps give the same bits as uninterrupted ones', run: checkResume },
  {
    name: 'gradients are left as they were',
    run: (spec) =>
      forBenches(spec, async (bench) => {
        const gradients = bench.gradients(1)
        const before = await Promise.all(gradients.map(valuesOf))
        await bench.step(gradients, 1)
        for (const [index, gradient] of gradients.entries()) {
          if (gradient.isDisposed) violate('a gradient was disposed of; gradients belong to the loop')
          expectSameBits('a gradient', before[index]!, await valuesOf(gradient))
        }
        tf.dispose(gradients)
      }),
  },
  {
    name: 'it has a learning rate, of its own or of the optimizer that it wraps',
    run: (spec) =>
      forOptions(spec, 'optimizer', (_registry, use) => {
        if (learningRateOf(use) === undefined)
          violate('there is no option "learningRate" that a schedule could begin from')
      }),
  },
  {
    name: 'a parameter keeps to a rate and a decay of its own',
    async run(spec) {
      for (const [own, slope] of [
        [{ learningRate: 0 }, 'drawn'],
        [{ weightDecay: 0 }, 'level'],
      ] as const) {
        const stays = async (bench: Bench) => {
          const { path } = layout[0]
          const before = (await snapshotParams(bench.params)).get(path)!
          await bench.steps(1, 3, slope)
          const after = (await snapshotParams(bench.params)).get(path)!
          const what = `after 3 steps${slope === 'level' ? ' without a gradient' : ''}, a parameter of ${show(own)} alone`
          expectSameBits(what, before, after)
        }
        await forBenches(spec, stays, rateOf(spec), own)
      }
    },
  },
  {
    name: 'it asks for gradients again as often as it says',
    run: (spec) =>
      forBenches(spec, async (bench) => {
        await bench.steps(1, 3, 'down a bowl')
        const { passes = 1 } = bench.optimizer
        const asked = bench.asked() / 3
        if (asked !== passes - 1)
          violate(`it has ${passes} passes and asks ${asked} times a step; expected ${passes - 1}`)
      }),
  },
  {
    name: 'no tensor is left over',
    async run(spec) {
      const outside = memory()
      await forBenches(spec, async (bench) => {
        const bare = memory()
        await bench.steps(1, 1)
        const warm = memory()
        await bench.steps(2, 5)
        expectNoLeak('after 4 steps more', warm)
        bench.optimizer.dispose()
        expectNoLeak('after dispose()', bare)
      })
      expectNoLeak('in the end', outside)
    },
  },
]

const rateOf = ({ learningRate = 0.01 }: OptimizerSpec) => learningRate

/** An optimizer on two parameters with gradients that depend on the step alone. */
interface Bench {
  readonly optimizer: Optimizer
  readonly params: readonly NamedParam[]
  gradients(step: number): tf.Tensor[]
  /** One step; gradients that are asked for again are those given, or those of the bowl at the weights as they are. */
  step(gradients: readonly tf.Tensor[], step: number, kind?: Slope): Promise<void>
  steps(from: number, to: number, kind?: Slope): Promise<void>
  /** How often gradients were asked for again. */
  asked(): number
  dispose(): void
}

/** Gradients that do not depend on the weights, those of the bowl Σp², or none at all. */
type Slope = 'drawn' | 'down a bowl' | 'level'

const layout = [
  { path: 'layer/weight', role: 'weight', shape: [3, 4] },
  { path: 'layer/bias', role: 'bias', shape: [4] },
] as const

type Own = Pick<NamedParam, 'learningRate' | 'weightDecay'>

/** @param own what the recipe says of the first parameter alone */
function createBench(optimizer: Optimizer, learningRate: number, own: Own = {}): Bench {
  const params = layout.map(({ path, role, shape }, index): NamedParam => {
    const value = tf.tidy(() => tf.variable(drawTensor('start', path, shape)))
    return { path, role, value, ...(index === 0 ? own : {}) }
  })
  const gradients = (step: number) => layout.map(({ path, shape }) => drawTensor(`gradient ${step}`, path, shape))
  const slope = (step: number, kind: Slope) =>
    kind === 'drawn' ? gradients(step) : params.map(({ value }) => tf.mul(value, kind === 'level' ? 0 : 2))
  const stepped = byRate(optimizer)
  let asked = 0
  const bench: Bench = {
    optimizer,
    params,
    gradients,
    async step(given, step, kind = 'drawn') {
      await stepped.step(params, given, { learningRate }, step, async () => {
        asked += 1
        return { loss: tf.scalar(1), gradients: slope(step, kind) }
      })
    },
    async steps(from, to, kind = 'drawn') {
      for (let step = from; step <= to; step++) {
        const given = slope(step, kind)
        await bench.step(given, step, kind)
        tf.dispose(given)
      }
    },
    asked: () => asked,
    dispose() {
      optimizer.dispose()
      for (const { value } of params) value.dispose()
    },
  }
  return bench
}

function drawTensor(key: string, path: string, shape: readonly number[]): tf.Tensor {
  const stream = createRng(4).at(key, path)
  const size = shape.reduce((product, length) => product * length, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    [...shape],
  )
}

async function forBenches(
  spec: OptimizerSpec,
  body: (bench: Bench, registry: Registry, use: NormalUse) => Promise<void>,
  learningRate = rateOf(spec),
  own: Own = {},
): Promise<void> {
  await forOptions(spec, 'optimizer', async (registry, use) => {
    const bench = createBench(registry.create('optimizer', use, {}), learningRate, own)
    try {
      await body(bench, registry, use)
    } finally {
      bench.dispose()
    }
  })
}

/** Steps 1 to 6 at once, and in two halves whose second runs on another optimizer with the state of the first. */
async function checkResume(spec: OptimizerSpec): Promise<void> {
  await forBenches(spec, async (whole, registry, use) => {
    await whole.steps(1, 6)
    const first = createBench(registry.create('optimizer', use, {}), rateOf(spec))
    await first.steps(1, 3)
    // What a checkpoint does: values are written out, and read into tensors that are gone after restore.
    const stored = Object.entries(first.optimizer.state()).map(([name, tensor]) => [name, tf.clone(tensor)] as const)
    const second = createBench(registry.create('optimizer', use, {}), rateOf(spec))
    for (const [index, { value }] of second.params.entries()) value.assign(first.params[index]!.value as tf.Tensor)
    second.optimizer.restore(Object.fromEntries(stored))
    tf.dispose(stored.map(([, tensor]) => tensor))
    first.dispose()
    await second.steps(4, 6)
    const [a, b] = [await snapshotParams(whole.params), await snapshotParams(second.params)]
    second.dispose()
    expectSameParams('parameters after 6 steps, at once and resumed at 3', a, b)
  })
}
