import { type Callback, definePlugin, type Json, opt } from '@tricklab/core'
import type { NamedTensors } from '@tricklab/core/contracts'
import type { OptionSchema } from '@tricklab/core/options'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { type Breakage, createMixupLike, mix } from './mixup-like.ts'

interface Case {
  readonly breakage: string
  readonly plugin: Plugin
  /** The check that must find it, and what it must say. */
  readonly check: string
  readonly message: RegExp
}

const broken = (breakage: string, check: string, message: RegExp, create: Breakage['create']): Case => ({
  breakage,
  check,
  message,
  plugin: createMixupLike(create),
})

/** The good callback with other hooks; bound, so that it keeps its own state. */
const withBeforeBatch = (good: Callback, beforeBatch: NonNullable<Callback['beforeBatch']>): Callback => ({
  ...good,
  beforeBatch,
})

let calls = 0
let stops = 0

/** One entry for every check of the suite: a callback that breaks that promise alone, or first of all. */
export const brokenCallbacks: readonly Case[] = [
  broken(
    'leaks a tensor a step',
    'no tensor is left over',
    /^a step leaks: after training step 2 .* 1 tensor is left \(4 bytes\)$/,
    (good) =>
      withBeforeBatch(good, (batch) => {
        if (batch.training) tf.scalar(1)
        return good.beforeBatch!(batch)
      }),
  ),
  broken(
    'leaves a tensor after dispose',
    'no tensor is left over',
    /^after a fit, its cleanup and dispose\(\): 1 tensor/,
    (good) => ({
      ...good,
      beforeFit() {
        tf.scalar(1)
      },
    }),
  ),
  broken(
    'writes into its input',
    'inputs are left as they were',
    /^the images given to beforeBatch at step 0: 1 of 576/,
    (good) =>
      withBeforeBatch(good, (batch) => {
        // The cpu backend hands out its own memory.
        if (batch.training) batch.images.dataSync()[0]! += 1
        return good.beforeBatch!(batch)
      }),
  ),
  broken(
    'changes 3 images when off',
    'off is the same as absent',
    /^off is not the identity: 3 of 64 images changed at alpha 0$/,
    (good, { alpha }) =>
      withBeforeBatch(good, (batch) => {
        if (alpha > 0 || !batch.training) return good.beforeBatch!(batch)
        const factors = Float32Array.from({ length: batch.size }, (_, row) => (row < 3 ? 2 : 1))
        return { ...batch, images: tf.tidy(() => tf.mul(batch.images, tf.tensor(factors, [batch.size, 1, 1, 1]))) }
      }),
  ),
  broken(
    'smooths targets when off',
    'off is the same as absent',
    /^off is not the identity: 64 of 64 targets changed/,
    (good) =>
      withBeforeBatch(good, (batch) => {
        if (!batch.training) return good.beforeBatch!(batch)
        return { ...batch, targets: tf.tidy(() => tf.add(tf.mul(batch.targets, 0.7), 0.1)) }
      }),
  ),
  broken(
    'changes the loss when off',
    'off is the same as absent',
    /^off is not the identity: a fit at alpha 0 .* numbers differ/,
    (good) => ({
      ...good,
      afterLoss: ({ loss }) => ({ loss: tf.mul(loss, 1.5) as tf.Scalar }),
    }),
  ),
  broken(
    'loses its state',
    'resumed is the same as uninterrupted',
    /^resumed after training batch \d of epoch 1, not as uninterrupted/,
    ({ beforeBatch }) => ({
      beforeBatch: beforeBatch!,
    }),
  ),
  broken(
    'restores another state',
    'resumed is the same as uninterrupted',
    /^resumed after .* not as uninterrupted/,
    (good) => ({
      ...good,
      restore: () => good.restore!({ steps: 0 }, {}),
    }),
  ),
  broken(
    'draws from a stream of its own',
    'resumed is the same as uninterrupted',
    /^resumed after .* not as uninterrupted/,
    (good, { alpha }, rng) => {
      const stream = rng.at('stream')
      return withBeforeBatch(good, (batch) => {
        if (!batch.training || alpha === 0) return
        const factor = 1 + stream.uniform()
        return { ...batch, images: tf.mul(batch.images, factor) }
      })
    },
  ),
  broken(
    'mixes validation batches',
    'validation batches pass unchanged',
    /^the images of a validation batch: \d+ of 576/,
    (good, { alpha }, rng) => withBeforeBatch(good, (batch) => (alpha === 0 ? undefined : mix(batch, rng, alpha))),
  ),
  broken('cannot take a batch of 1', 'batches of 1 and of odd sizes work', /E_HOOK.*pairs/, (good) =>
    withBeforeBatch(good, (batch) => {
      if (batch.size === 1) throw new Error('there are no pairs')
      return good.beforeBatch!(batch)
    }),
  ),
  broken(
    'drops the last image of odd batches',
    'batches of 1 and of odd sizes work',
    /E_HOOK_RETURN.*another shape/,
    (good) =>
      withBeforeBatch(good, (batch) => {
        if (batch.size % 2 === 0) return good.beforeBatch!(batch)
        const { images, size } = batch
        return {
          ...batch,
          images: tf.slice(images, 0, [Math.max(1, size - 1), ...images.shape.slice(1)]) as tf.Tensor4D,
        }
      }),
  ),
  broken(
    'returns infinite images',
    'batches of 1 and of odd sizes work',
    /^the images of a batch of 1 is not finite/,
    (good) => withBeforeBatch(good, (batch) => ({ ...batch, images: tf.div(batch.images, 0) })),
  ),
  broken(
    'scales targets',
    'targets stay probabilities',
    /^targets of image 0 at step 0 are 2, 0, 0: no probabilities$/,
    (good) =>
      withBeforeBatch(good, (batch) => (batch.training ? { ...batch, targets: tf.mul(batch.targets, 2) } : undefined)),
  ),
  broken('draws anew each time', 'the same seed gives the same bits', /^two fits with one seed/, (good) =>
    withBeforeBatch(good, (batch) => {
      calls += 1
      const factor = 1 + calls / 100
      return batch.training ? { ...batch, images: tf.mul(batch.images, factor) } : undefined
    }),
  ),
  broken('stops now and then', 'the same seed gives the same bits', /^two fits with one seed/, (good) => ({
    ...good,
    afterBatch: ({ index }) => (index === 1 && stops++ % 3 === 0 ? { stop: 'now and then' } : undefined),
  })),
  broken(
    'stops by a count that it forgets',
    'resumed is the same as uninterrupted',
    /^resumed after training batch 2 of epoch 1, not as uninterrupted/,
    (good) => {
      let batches = 0
      return { ...good, afterBatch: () => (++batches === 4 ? { stop: 'four batches' } : undefined) }
    },
  ),
  broken(
    'leaks its tensors of state',
    'no tensor is left over',
    /^after a fit, its cleanup and dispose\(\): 3 tensors are left/,
    (good) => ({ ...averaging(good), dispose() {} }),
  ),
  broken(
    'forgets its tensors of state',
    'resumed is the same as uninterrupted',
    /^resumed after training batch 1 of epoch 1, not as uninterrupted/,
    (good) => ({ ...averaging(good), restore: good.restore! }),
  ),
  broken(
    'keeps the tensors that it was lent',
    'resumed is the same as uninterrupted',
    /^threw .*E_HOOK.*threw in evaluationWeights/,
    (good) => {
      const callback = averaging(good)
      let lent: NamedTensors = {}
      return {
        ...callback,
        restore(state, tensors) {
          callback.restore!(state, tensors)
          lent = tensors
        },
        evaluationWeights() {
          for (const tensor of Object.values(lent)) tf.neg(tensor).dispose()
          return callback.evaluationWeights!()
        },
      }
    },
  ),
  broken(
    'keeps tensors that do not matter, and changes them when it resumes',
    'resumed is the same as uninterrupted',
    /^resumed after training batch 1 of epoch 1, not as uninterrupted, in its tensors: "mixup-like\/tiny\/conv\/weight"/,
    (good) => {
      const { evaluationWeights: _, ...callback } = averaging(good)
      return {
        ...callback,
        restore: (state, tensors) =>
          tf.tidy(() => {
            const doubled = Object.entries(tensors).map(([name, tensor]) => [name, tf.mul(tensor, 2)] as const)
            callback.restore!(state, Object.fromEntries(doubled))
          }),
      }
    },
  ),
  broken(
    'lets its weights for validation move while they are used',
    'resumed is the same as uninterrupted',
    /^resumed after validation batch 1 of epoch 2, not as uninterrupted: scores/,
    (good) => {
      const callback = averaging(good)
      return {
        ...callback,
        afterBatch({ training }) {
          if (training) return
          const moved = Object.entries(callback.tensors!()).map(
            ([name, tensor]) => [name, tf.mul(tensor, 1.5)] as const,
          )
          callback.restore!({ steps: 0 }, Object.fromEntries(moved))
          tf.dispose(moved.map(([, tensor]) => tensor))
        },
      }
    },
  ),
  broken(
    'declares weights that the model does not have',
    'the same seed gives the same bits',
    /E_HOOK_RETURN.*do not fit the model at "no\/such"/,
    (good) => ({ ...averaging(good), evaluationWeights: () => ({ 'no/such': tf.scalar(1) }) }),
  ),
  ...brokenOptions(),
]

/** The callback with averaged weights, which validation sees: tensors of state. */
function averaging(good: Callback): Callback {
  const average = new Map<string, tf.Tensor>()
  const put = (path: string, value: tf.Tensor) => {
    average.get(path)?.dispose()
    average.set(path, tf.keep(value))
  }
  return {
    ...good,
    beforeFit({ params }) {
      for (const { path, value } of params) if (!average.has(path)) put(path, tf.clone(value))
    },
    afterStep({ params }) {
      for (const { path, value } of params)
        put(
          path,
          tf.tidy(() => tf.mul(tf.add(average.get(path)!, value), 0.5)),
        )
    },
    tensors: () => Object.fromEntries(average),
    evaluationWeights: () => Object.fromEntries(average),
    restore(state, tensors) {
      good.restore!(state, tensors)
      for (const [path, tensor] of Object.entries(tensors)) put(path, tf.clone(tensor))
    },
    dispose() {
      tf.dispose([...average.values()])
      average.clear()
    },
  }
}

/** Callbacks whose options break their promises; the same checks run for every kind of component. */
function brokenOptions(): Case[] {
  const withOptions = (
    breakage: string,
    check: string,
    message: RegExp,
    options: OptionSchema,
    create: (options: { readonly [name: string]: Json }) => Callback = () => ({}),
  ): Case => ({ breakage, check, message, plugin: createWithOptions(options, create) })
  const alpha = opt.number({ min: 0, default: 0.4, doc: 'Shape.' })
  const list = opt.numbers({ default: [1, 2], doc: 'Factors.' })
  return [
    withOptions('accepts any option', 'an unknown option is an error', /^option "noSuchOption" with 1 is accepted/, {
      alpha,
      noSuchOption: opt.number({ default: 0, doc: 'Declared by mistake.' }),
    }),
    withOptions(
      'accepts any type',
      'a value of the wrong type is an error',
      /^option "alpha" with "1" is accepted; expected E_OPTION_TYPE$/,
      {
        alpha: { ...alpha, check: () => undefined },
      },
    ),
    withOptions(
      'accepts any number',
      'a value out of range is an error',
      /^option "alpha" with -1.79\S+ is accepted; expected E_OPTION_RANGE$/,
      {
        alpha: { ...alpha, check: (value) => (typeof value === 'number' ? undefined : 'type') },
      },
    ),
    withOptions(
      'has a default that it refuses',
      'options survive a round trip',
      /^the options {} are refused: E_OPTION_RANGE/,
      {
        alpha: opt.number({ min: 0, default: -1, doc: 'Shape.' }),
      },
    ),
    withOptions(
      'has a default that JSON loses',
      'options survive a round trip',
      /^the options {"alpha":null} are refused/,
      {
        alpha: { ...alpha, default: Infinity, check: (value) => (typeof value === 'number' ? undefined : 'type') },
      },
    ),
    withOptions('has an option without a doc', 'every option is documented', /^option "alpha" has no doc$/, {
      alpha: { ...alpha, doc: ' ' },
    }),
    withOptions(
      'writes into its default',
      'an explicit default is the same as an omitted one',
      /^{"alpha":0.4,"factors":\[1,2\],"use":"mixup-like"} gives another result than {"use":"mixup-like"}$/,
      { alpha, factors: list },
      ({ factors }) => {
        const used = factors as number[]
        const [factor] = used
        used[0]! += 1
        return { beforeBatch: (batch) => ({ ...batch, images: tf.mul(batch.images, factor!) }) }
      },
    ),
  ]
}

function createWithOptions(
  options: OptionSchema,
  create: (options: { readonly [name: string]: Json }) => Callback,
): Plugin {
  return definePlugin({
    name: 'mixup-like',
    core: '^0.1.0',
    register: (on) =>
      on.callback('mixup-like', {
        doc: 'A callback with other options.',
        stage: 'target',
        options,
        create: (values) => create(values),
      }),
  })
}
