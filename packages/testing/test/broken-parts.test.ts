/** Metrics, losses, optimizers, schedules and datasets that break one promise each. */
import {
  type Dataset,
  definePlugin,
  fail,
  type Loss,
  type Metric,
  type NamedParam,
  type Optimizer,
  opt,
  type Schedule,
} from '@tricklab/core'
import type { GradientsAgain } from '@tricklab/core/contracts'
import type { OptionSchema } from '@tricklab/core/options'
import type { ScheduleContext } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { createTinyMetric, createTinyOptimizer, tinyLoss } from '../src/fit/parts.ts'
import {
  checkDataset,
  checkLoss,
  checkMetric,
  checkOptimizer,
  checkSchedule,
  type MetricSpec,
  reference,
} from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

const core = '^0.1.0'

/** Makes entries of a table from what changes a good component. */
const table =
  <T>(plugin: (change: (good: T) => T) => Broken['plugin']) =>
  (breakage: string, check: string, message: RegExp, change: (good: T) => T): Broken => ({
    breakage,
    check,
    message,
    plugin: plugin(change),
  })

const metricPlugin = (change: (good: Metric) => Metric = (good) => good) =>
  definePlugin({
    name: 'metrics',
    core,
    register: (on) =>
      on.metric('agreement', { doc: 'A metric.', options: {}, create: () => change(createTinyMetric()) }),
  })
const metric = table<Metric>(metricPlugin)

/** What the metric should be: Σ softmax · targets, mean over all samples. */
const agreement: NonNullable<MetricSpec['reference']> = (scores, targets) => {
  const rows = scores.map((row, n) =>
    reference.softmax(row).reduce((sum, probability, k) => sum + probability * targets[n]![k]!, 0),
  )
  return rows.reduce((sum, value) => sum + value, 0) / rows.length
}

describeBroken(
  { plugin: metricPlugin(), name: 'agreement' },
  (spec, only) => checkMetric({ ...spec, reference: agreement }, only),
  [
    metric(
      'averages batch means',
      'the value is that over all samples, however they are split into batches',
      /^batches of \d(, \d)+ give \S+, the reference is \S+ \(seed/,
      (good) => {
        let means: number[] = []
        return {
          ...good,
          async update(scores, targets) {
            good.reset()
            await good.update(scores, targets)
            means.push(good.compute())
          },
          compute: () => means.reduce((sum, value) => sum + value, 0) / means.length,
          reset: () => {
            means = []
          },
        }
      },
    ),
    metric(
      'loses its state',
      'a state restored in the middle leads to the same value',
      /^restored after \d of \d batches it gives/,
      (good) => ({
        ...good,
        restore() {},
      }),
    ),
    metric(
      'hands out its own state',
      'a state restored in the middle leads to the same value',
      /^a state that was taken changes/,
      (good) => {
        const own = { sum: 0, samples: 0 }
        return {
          ...good,
          async update(scores, targets) {
            await good.update(scores, targets)
            Object.assign(own, good.state())
          },
          state: () => own,
        }
      },
    ),
    metric(
      'has a state that JSON loses',
      'a state restored in the middle leads to the same value',
      /^the state does not survive JSON/,
      (good) => ({
        ...good,
        state: () => ({
          ...(good.state() as object),
          values: new Float32Array(1).entries() as never,
          text: (() => 1) as never,
        }),
      }),
    ),
    metric('forgets to reset', 'reset forgets everything', /^after reset it gives \S+; a fresh one/, (good) => ({
      ...good,
      reset() {},
    })),
    metric(
      'computes once',
      'computing changes nothing, and inputs are left as they were',
      /^compute gives \S+, then NaN$/,
      (good) => ({
        ...good,
        compute() {
          const value = good.compute()
          good.reset()
          return value
        },
      }),
    ),
    metric(
      'disposes of its inputs',
      'computing changes nothing, and inputs are left as they were',
      /^the metric disposed of its inputs/,
      (good) => ({
        ...good,
        async update(scores, targets) {
          await good.update(scores, targets)
          scores.dispose()
        },
      }),
    ),
    metric('keeps its scores', 'no tensor is left over', /^after three batches: 3 tensors are left/, (good) => ({
      ...good,
      update(scores, targets) {
        tf.clone(scores)
        return good.update(scores, targets)
      },
    })),
  ],
)

const lossPlugin = (change: (good: Loss) => Loss = (good) => good) =>
  definePlugin({
    name: 'losses',
    core,
    register: (on) => on.loss('tiny', { doc: 'A loss.', options: {}, create: () => change(tinyLoss) }),
  })
const loss = table<Loss>(lossPlugin)
const applyLoss = (apply: (good: Loss, scores: tf.Tensor2D, targets: tf.Tensor2D) => tf.Tensor) => (good: Loss) => ({
  apply: (scores: tf.Tensor2D, targets: tf.Tensor2D) => apply(good, scores, targets) as tf.Scalar,
})

describeBroken(
  { plugin: lossPlugin(), name: 'tiny' },
  (spec, only) => checkLoss({ ...spec, reference: reference.softmaxCrossEntropy }, only),
  [
    loss(
      'sums instead of averaging',
      'the loss is the mean over the samples',
      /^the loss of \d samples is \S+, the reference \S+ \(seed/,
      applyLoss((good, scores, targets) => tf.mul(good.apply(scores, targets), scores.shape[0])),
    ),
    loss(
      'gives one loss a sample',
      'the loss is the mean over the samples',
      /^the loss has the shape \[\d\]; expected a scalar/,
      applyLoss((_, scores) => tf.mean(scores, 1)),
    ),
    loss(
      'overflows',
      'loss and gradient are finite, at large scores too',
      /^the loss at scores of 30000 is not finite/,
      applyLoss((_, scores) => tf.mean(tf.log(tf.sum(tf.exp(scores), 1)))),
    ),
    loss(
      'has a gradient twice its slope',
      'the gradient is the slope of the loss',
      /^along a random direction the loss changes by/,
      applyLoss((good, scores, targets) => {
        const doubled = tf.customGrad((x) => ({
          value: tf.clone(x as tf.Tensor),
          gradFunc: (dy) => tf.mul(dy as tf.Tensor, 2),
        }))
        return good.apply(doubled(scores) as tf.Tensor2D, targets)
      }),
    ),
    loss(
      'disposes of its targets',
      'inputs are left as they were',
      /^the loss disposed of its inputs/,
      applyLoss((good, scores, targets) => {
        const value = good.apply(scores, targets)
        targets.dispose()
        return value
      }),
    ),
    loss(
      'keeps a tensor',
      'no tensor is left over',
      /^after a loss and its gradient: 2 tensors are left/,
      applyLoss((good, scores, targets) => {
        tf.keep(tf.scalar(1))
        return good.apply(scores, targets)
      }),
    ),
  ],
)

const rate = { learningRate: opt.number({ min: 0, default: 0.01, doc: 'Step size.' }) }
const optimizerPlugin = (change: (good: Optimizer) => Optimizer = (good) => good, options: OptionSchema = rate) =>
  definePlugin({
    name: 'optimizers',
    core,
    register: (on) => on.optimizer('tiny', { doc: 'Momentum.', options, create: () => change(createTinyOptimizer()) }),
  })
const optimizer = table<Optimizer>(optimizerPlugin)

describeBroken({ plugin: optimizerPlugin(), name: 'tiny' }, checkOptimizer, [
  optimizer(
    'leaves biases alone',
    'a step changes every parameter, and keeps it finite',
    /^parameter "layer\/bias" stays/,
    (good) => ({
      ...good,
      step: (params, gradients, hyper, step) => good.step(params.slice(0, 1), gradients, hyper, step),
    }),
  ),
  optimizer('goes up', 'steps go down', /^20 steps down the bowl Σp² lead from \S+ to/, (good) => ({
    ...good,
    step: (params, gradients, hyper, step) => good.step(params, gradients, { learningRate: -hyper.learningRate }, step),
  })),
  optimizer(
    'steps at rate 0',
    'learning rate 0 changes nothing',
    /^parameters after steps of rate 0: "layer\/weight"/,
    (good) => ({
      ...good,
      step: (params, gradients, hyper, step) =>
        good.step(params, gradients, { learningRate: hyper.learningRate + 1 }, step),
    }),
  ),
  optimizer(
    'loses its state',
    'resumed steps give the same bits as uninterrupted ones',
    /^parameters after 6 steps, at once and resumed at 3/,
    (good) => ({
      ...good,
      restore() {},
    }),
  ),
  optimizer(
    'keeps the state that was lent',
    'resumed steps give the same bits as uninterrupted ones',
    /^threw \w*Error: /,
    (good) => {
      let lent: { readonly [name: string]: tf.Tensor } = {}
      return {
        ...good,
        restore(state) {
          lent = state
        },
        step(params, gradients, hyper, step) {
          for (const tensor of Object.values(lent)) tf.neg(tensor).dispose()
          good.step(params, gradients, hyper, step)
        },
      }
    },
  ),
  optimizer('disposes of gradients', 'gradients are left as they were', /^a gradient was disposed of/, (good) => ({
    ...good,
    step(params, gradients, hyper, step) {
      good.step(params, gradients, hyper, step)
      tf.dispose([...gradients])
    },
  })),
  {
    breakage: 'has no learning rate',
    check: 'it has a learning rate, of its own or of the optimizer that it wraps',
    message: /^there is no option "learningRate"/,
    plugin: optimizerPlugin((good) => good, {}),
  },
  optimizer(
    'has one rate for all',
    'a parameter keeps to a rate and a decay of its own',
    /^after 3 steps, a parameter of {"learningRate":0} alone: 12 of 12/,
    (good) => ({
      ...good,
      together: true,
      step: (params, gradients, hyper, step) =>
        good.step(
          params.map(({ path, role, value }) => ({ path, role, value })),
          gradients,
          hyper,
          step,
        ),
    }),
  ),
  optimizer(
    'decays what shall not be',
    'a parameter keeps to a rate and a decay of its own',
    /^after 3 steps without a gradient, a parameter of {"weightDecay":0} alone: 12 of 12/,
    (good) => ({
      ...good,
      step(params, gradients, hyper, step) {
        const rate = ({ learningRate = 1 }: NamedParam) => hyper.learningRate * learningRate
        for (const param of params) tf.tidy(() => param.value.assign(tf.mul(param.value, 1 - 0.1 * rate(param))))
        good.step(params, gradients, hyper, step)
      },
    }),
  ),
  optimizer(
    'asks for gradients again without saying so',
    'it asks for gradients again as often as it says',
    /^it has 1 passes and asks 1 times a step; expected 0$/,
    (good) => askingAgain(good, ({ loss, gradients }) => tf.dispose([loss, ...gradients])),
  ),
  optimizer(
    'keeps the gradients that it asked for',
    'no tensor is left over',
    /^after 4 steps more: 8 tensors are left/,
    (good) => askingAgain(good, ({ loss }) => loss.dispose()),
  ),
  optimizer(
    'leaves the weights where it asked for gradients',
    'learning rate 0 changes nothing',
    /^parameters after steps of rate 0: "layer\/weight"/,
    (good) =>
      askingAgain(good, ({ loss, gradients }, params) => {
        tf.dispose([loss, ...gradients])
        for (const { value } of params) tf.tidy(() => value.assign(tf.mul(value, 1.1)))
      }),
  ),
  optimizer('keeps a tensor a step', 'no tensor is left over', /^after 4 steps more: 4 tensors are left/, (good) => ({
    ...good,
    step(params, gradients, hyper, step) {
      tf.scalar(1)
      good.step(params, gradients, hyper, step)
    },
  })),
  optimizer('forgets to dispose', 'no tensor is left over', /^after dispose\(\): 2 tensors are left/, (good) => ({
    ...good,
    dispose() {},
  })),
])

/** An optimizer that asks for gradients again at every step, and what it does with them. */
function askingAgain(good: Optimizer, use: (found: GradientsAgain, params: readonly NamedParam[]) => void): Optimizer {
  return {
    ...good,
    async step(params, gradients, hyper, step, again) {
      use(await again!(), params)
      await good.step(params, gradients, hyper, step)
    },
  }
}

type MakeSchedule = (context: ScheduleContext) => Schedule

const linear: MakeSchedule = ({ learningRate, totalSteps }) => ({
  at: (step) => ({ learningRate: learningRate * (1 - step / totalSteps) }),
})
const schedulePlugin = (change: (good: MakeSchedule) => MakeSchedule = (good) => good) =>
  definePlugin({
    name: 'schedules',
    core,
    register: (on) =>
      on.schedule('linear', { doc: 'Falls.', options: {}, create: (_, context) => change(linear)(context) }),
  })
const schedule = table<MakeSchedule>(schedulePlugin)
const inRange = 'rates are finite and not negative, momenta from 0 to below 1, at every step of any length'

describeBroken({ plugin: schedulePlugin(), name: 'linear' }, checkSchedule, [
  schedule(
    'divides by the last step',
    inRange,
    /^step 0 of 1 has rate NaN, momentum 0 \(seed/,
    () =>
      ({ learningRate, totalSteps }) => ({
        at: (step) => ({ learningRate: learningRate * (1 - step / (totalSteps - 1)) }),
      }),
  ),
  schedule('turns negative', inRange, /^step 0 of \d+ has rate -0.1/, () => ({ learningRate }) => ({
    at: () => ({ learningRate: -learningRate }),
  })),
  schedule('has momentum 1', inRange, /momentum 1 \(seed/, () => ({ learningRate }) => ({
    at: () => ({ learningRate, momentum: 1 }),
  })),
  schedule(
    'counts its calls',
    'a step has the same value whenever it is asked for',
    /^step \d+ is \S+ at first, later/,
    () =>
      ({ learningRate }) => {
        let calls = 0
        return { at: () => ({ learningRate: learningRate / ++calls }) }
      },
  ),
])

const sample = (index: number) => ({
  pixels: Uint8Array.from([index, 1, 2, 3]),
  shape: [2, 2, 1] as const,
  label: index % 2,
})

function createDataset(): Dataset {
  const size = () => 6
  const readSync: Dataset['readSync'] = (_split, index) => {
    if (Number.isInteger(index) && index >= 0 && index < 6) return sample(index)
    return fail('E_INTERNAL', { what: `There is no sample ${index}.` })
  }
  return {
    classes: ['a', 'b'],
    digest: '0'.repeat(64),
    size,
    read: async (split, index) => readSync(split, index),
    readSync,
  }
}

const datasetPlugin = (change: (good: Dataset) => Dataset = (good) => good) =>
  definePlugin({
    name: 'datasets',
    core,
    register: (on) => on.dataset('six', { doc: 'Six images.', options: {}, create: () => change(createDataset()) }),
  })
const dataset = table<Dataset>(datasetPlugin)
const reading =
  (change: (index: number) => Partial<ReturnType<typeof sample>> | { label: number }) => (good: Dataset) => {
    const read: Dataset['read'] = async (split, index) => ({ ...(await good.read(split, index)), ...change(index) })
    const { readSync: _, ...rest } = good
    return { ...rest, read }
  }

let instances = 0
let reads = 0

describeBroken({ plugin: datasetPlugin(), name: 'six' }, checkDataset, [
  dataset('has an empty split', 'sizes, classes and digest are sound', /^the valid split has size 0$/, (good) => ({
    ...good,
    size: (split) => (split === 'valid' ? 0 : 6),
  })),
  dataset('has a class twice', 'sizes, classes and digest are sound', /^two classes have one name$/, (good) => ({
    ...good,
    classes: ['a', 'a'],
  })),
  dataset(
    'has no digest',
    'sizes, classes and digest are sound',
    /^the digest is ""; expected a SHA-256 in hex$/,
    (good) => ({ ...good, digest: '' }),
  ),
  dataset(
    'has a label too many',
    'every sample has bytes for its shape and a label of the classes',
    /^sample 5 of the train split has the label 2; there are 2 classes$/,
    reading((index) => (index === 5 ? { label: 2 } : {})),
  ),
  dataset(
    'has short images',
    'every sample has bytes for its shape and a label of the classes',
    /^sample 0 of the train split has 1 bytes for the shape \[2,2,1\]$/,
    reading(() => ({ pixels: new Uint8Array(1) })),
  ),
  dataset(
    'reads anew each time',
    'reading twice gives the same bytes',
    /^sample 0 of the train split, read twice: 4 of 4 bytes differ$/,
    reading(() => ({ pixels: new Uint8Array(4).fill(100 + reads++) })),
  ),
  dataset(
    'reads something else at once',
    'readSync is the same as read',
    /^sample 0 of the train split, by readSync and read: 1 of 4 bytes differ$/,
    (good) => ({
      ...good,
      readSync: (_split, index) => ({ ...sample(index), pixels: Uint8Array.from([index + 1, 1, 2, 3]) }),
    }),
  ),
  dataset('differs by instance', 'two instances are equal', /^digests \S+ and \S+ of equal options$/, (good) => ({
    ...good,
    digest: String(instances++).padStart(64, '0'),
  })),
  dataset('wraps around', 'reading out of range fails clearly', /^read\('train', -1\) gives a sample$/, (good) => ({
    ...good,
    read: async (_split, index) => sample(((Math.trunc(index) || 0) + 6) % 6),
  })),
  dataset(
    'fails by accident',
    'reading out of range fails clearly',
    /^read\('train', -1\) threw TypeError: .*; expected a TricklabError$/,
    (good) => ({
      ...good,
      read: async (_split, index) => [0, 1, 2, 3, 4, 5].map(sample)[index]!.pixels && sample(index),
    }),
  ),
  dataset(
    'fails without the index',
    'reading out of range fails clearly',
    /^read\('train', -1\) fails without naming the index/,
    (good) => ({
      ...good,
      read: async () => fail('E_INTERNAL', { what: 'No.' }),
    }),
  ),
])
