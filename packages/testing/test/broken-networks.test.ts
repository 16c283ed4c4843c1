/** Blocks and models that break one promise each. The good ones are a 1 × 1 convolution with dropout, and a stack of it. */
import {
  type Block,
  type BlockContext,
  createRng,
  definePlugin,
  disposeParams,
  fail,
  type Model,
  type Rng,
  type Stream,
} from '@tricklab/core'
import type { Param } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { type BlockSpec, checkBlock, checkModel, type ModelSpec } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

type BreakBlock = (good: Block, context: BlockContext) => Block

const nothing: BreakBlock = (good) => good

function drawWeight(init: Rng, shape: number[]): Param {
  const stream = init.at('weight')
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, () => stream.normal())
  return { role: 'weight', value: tf.tidy(() => tf.variable(tf.tensor(values, shape))) }
}

/** `y = (x · w) · mask` with stride; the mask of training is drawn from the key. */
function createBlock(context: BlockContext): Block {
  const { inputChannels, outputChannels, stride, init } = context
  const params = { weight: drawWeight(init, [1, 1, inputChannels, outputChannels]) }
  return {
    params,
    outputShape: ([height, width]) => [Math.ceil(height / stride), Math.ceil(width / stride), outputChannels],
    macs: ([height, width]) => Math.ceil(height / stride) * Math.ceil(width / stride) * params.weight.value.size,
    apply(images, { training, rng }) {
      const y = tf.conv2d(images, params.weight.value as tf.Tensor4D, stride, 'valid')
      if (!training) return y
      const stream = rng.at('mask')
      const mask = Float32Array.from({ length: outputChannels }, () => 0.5 + stream.uniform())
      return tf.mul(y, tf.tensor1d(mask))
    },
    dispose: () => disposeParams(params),
  }
}

function blockPlugin(change: BreakBlock = nothing) {
  return definePlugin({
    name: 'blocks',
    core: '^0.1.0',
    register: (on) => on.block('good', { doc: 'A block.', options: {}, create: (_, c) => change(createBlock(c), c) }),
  })
}

const block = (breakage: string, check: string, message: RegExp, change: BreakBlock): Broken => ({
  breakage,
  check,
  message,
  plugin: blockPlugin(change),
})

/** The block with another `apply`. */
const applying = (good: Block, apply: Block['apply']): Block => ({ ...good, apply })

const refusing = {
  outputShape: () => fail('E_SHAPE', { what: 'no shape is good enough.' }),
}

/** A stream that always says 1. */
const ones = (): Stream => ({ ...createRng(1).at('ones'), normal: () => 1 })

let calls = 0

describeBroken({ plugin: blockPlugin(), name: 'good' }, (spec, only) => checkBlock(spec as BlockSpec, only), [
  block(
    'declares another shape',
    'outputShape is the shape of the output',
    /^outputShape says \[\d+,\d+,\d\] but apply gave \[\d+,\d+,\d\] for input \[\d+,\d+,\d\] \(seed \d+, path \S+\)$/,
    (good, { stride }) => ({
      ...good,
      outputShape: (input) => {
        const [height, width, channels] = good.outputShape(input)
        return stride === 2 ? [Math.floor(input[0] / 2), width, channels] : [height, width, channels]
      },
    }),
  ),
  block(
    'refuses what it can do',
    'outputShape is the shape of the output',
    /^outputShape refuses .*, but apply gave/,
    (good) => ({
      ...good,
      ...refusing,
    }),
  ),
  block('refuses everything', 'outputShape is the shape of the output', /^nearly every case was refused/, (good) => ({
    ...good,
    ...refusing,
    apply: refusing.outputShape,
  })),
  block('changes the batch size', 'outputShape is the shape of the output', /^apply gave 1 images for 2/, (good) =>
    applying(good, (images, context) => tf.slice(good.apply(images, context), 0, [1, -1, -1, -1])),
  ),
  block('throws at odd sizes', 'outputShape is the shape of the output', /^threw Error: odd .*seed/, (good) =>
    applying(good, (images, context) => {
      if (images.shape[1] % 2 === 1) throw new Error('odd')
      return good.apply(images, context)
    }),
  ),
  block(
    'counts NaN',
    'macs is a finite number from 0 that grows with the image',
    /^macs is NaN for {"inputChannels":3/,
    (good) => ({
      ...good,
      macs: () => Number.NaN,
    }),
  ),
  block(
    'keeps less than nothing',
    'what it keeps is a finite number from 0 that grows with the image',
    /^kept is -1 for {"inputChannels":3/,
    (good) => ({
      ...good,
      kept: () => ({ input: true, output: false, inside: -1 }),
    }),
  ),
  block(
    'counts less for more',
    'macs is a finite number from 0 that grows with the image',
    /^macs falls from/,
    (good) => ({
      ...good,
      macs: (input) => 1e6 / good.macs(input),
    }),
  ),
  block(
    'counts up',
    'macs is a finite number from 0 that grows with the image',
    /at first and \d+ when asked again$/,
    (good) => ({
      ...good,
      macs: (input) => good.macs(input) + calls++,
    }),
  ),
  block(
    'overflows',
    'outputs are finite',
    /^the output in evaluation is not finite: element 0 of 768 is -?Infinity/,
    (good) => applying(good, (images, context) => tf.div(good.apply(images, context), 0)),
  ),
  block(
    'mixes the images of a batch',
    'batches of 1 and of odd sizes work',
    /^an image alone gives \S+, among others/,
    (good) => applying(good, (images, context) => tf.sub(good.apply(images, context), tf.mean(images))),
  ),
  block(
    'has an idle parameter',
    'every trainable parameter has a finite gradient that is not zero',
    /"weight" takes no part/,
    (good) => applying(good, (images, context) => tf.mul(images, 1 + Number(context.training)) as tf.Tensor4D),
  ),
  block(
    'stops the gradient',
    'every trainable parameter has a finite gradient that is not zero',
    /^the gradient of "weight" is zero/,
    (good) => applying(good, (images, context) => tf.mul(good.apply(images, context), 0)),
  ),
  block(
    'divides by zero in the gradient',
    'every trainable parameter has a finite gradient that is not zero',
    /^the gradient of "weight" is not finite/,
    (good) =>
      applying(good, (images, context) => tf.sqrt(tf.mul(tf.relu(good.apply(images, context)), 1e30)) as tf.Tensor4D),
  ),
  block(
    'draws beside the key',
    'the same key gives the same bytes',
    /^two training passes with one key: \d+ of/,
    (good) => applying(good, (images, context) => tf.mul(good.apply(images, context), 1 + calls++)),
  ),
  block(
    'initialises beside the key',
    'the same key gives the same bytes',
    /^two initialisations with one key: "weight"/,
    (_, context) => createBlock({ ...context, init: context.init.scope(calls++) }),
  ),
  block(
    'initialises all alike',
    'another key gives another initialisation',
    /^weight "weight" is the same for two keys/,
    (good, context) => {
      good.dispose()
      return createBlock({ ...context, init: { ...context.init, at: () => ones() } })
    },
  ),
  block(
    'drops in evaluation',
    'evaluation draws nothing and changes nothing',
    /^two evaluations of the same images/,
    (good) => applying(good, (images, { rng }) => good.apply(images, { rng, training: true })),
  ),
  block(
    'learns in evaluation',
    'evaluation draws nothing and changes nothing',
    /^evaluation changes parameters: "weight"/,
    (good) =>
      applying(good, (images, context) => {
        const result = good.apply(images, context)
        const { value } = good.params.weight as Param
        value.assign(tf.mul(value, 2))
        return context.training ? result : good.apply(images, context)
      }),
  ),
  block(
    'keeps state of its own',
    'all state is in the parameters, so a resumed training goes on with the same bits',
    /^a training pass after another/,
    (good) => {
      let passes = 0
      return applying(good, (images, context) => tf.mul(good.apply(images, context), 1 + passes++))
    },
  ),
  block(
    'writes into its input',
    'inputs are left as they were',
    /^the images after evaluation: 1 of 768 numbers differ/,
    (good) =>
      applying(good, (images, context) => {
        images.dataSync()[0]! += 1
        return good.apply(images, context)
      }),
  ),
  block('disposes of its input', 'inputs are left as they were', /^the images were disposed of in evaluation/, (good) =>
    applying(good, (images, context) => {
      const result = good.apply(images, context)
      images.dispose()
      return result
    }),
  ),
  block('keeps a tensor a pass', 'no tensor is left over', /^after evaluation: 1 tensor is left \(4 bytes\)/, (good) =>
    applying(good, (images, context) => {
      tf.keep(tf.scalar(1))
      return good.apply(images, context)
    }),
  ),
  block(
    'leaves a tensor when built',
    'no tensor is left over',
    /^building makes 2 tensors for 1 parameters/,
    (good) => {
      tf.scalar(1)
      return good
    },
  ),
  block('forgets to dispose', 'no tensor is left over', /^after dispose\(\): 1 tensor is left/, (good) => ({
    ...good,
    dispose() {},
  })),
])

type BreakModel = (good: Model) => Model

function modelPlugin(change: BreakModel = (good) => good) {
  return definePlugin({
    name: 'models',
    core: '^0.1.0',
    register: (on) => [
      on.block('good', { doc: 'A block.', options: {}, create: (_, context) => createBlock(context) }),
      on.model('good-model', {
        doc: 'One block and a mean.',
        options: {},
        slots: { block: 'good' },
        create(_, { imageShape, classes, init, slot }) {
          const shape = { stride: 1, kernelSize: 1, activate: true }
          const only = slot('block').create({ ...shape, inputChannels: imageShape[2], outputChannels: classes, init })
          const mean: Block = {
            params: {},
            outputShape: ([, , channels]) => [1, 1, channels],
            macs: () => 0,
            apply: (images) => tf.mean(images, [1, 2], true),
            dispose() {},
          }
          return change({
            params: { only: only.params },
            layers: [
              { name: 'only', type: 'good', block: only },
              { name: 'mean', type: 'mean', block: mean },
            ],
            inputShape: imageShape,
            classes,
            macs: (input) => only.macs(input),
            apply(images, { training, rng }) {
              const features = only.apply(images, { training, rng: rng.scope('only') })
              return tf.reshape(mean.apply(features, { training, rng }), [images.shape[0], classes])
            },
            dispose: () => only.dispose(),
          })
        },
      }),
    ],
  })
}

const model = (breakage: string, check: string, message: RegExp, change: BreakModel): Broken => ({
  breakage,
  check,
  message,
  plugin: modelPlugin(change),
})

describeBroken({ plugin: modelPlugin(), name: 'good-model' }, (spec, only) => checkModel(spec as ModelSpec, only), [
  model(
    'gives scores for other classes',
    'scores are [batch, classes]',
    /^scores are \[1,4\]; expected \[1,5\]$/,
    (good) => ({
      ...good,
      apply: (images, context) => tf.slice(good.apply(images, context), [0, 0], [-1, 4]),
    }),
  ),
  model('hides a layer', 'the layers hold every parameter', /^parameter "only\/weight" is in no layer$/, (good) => ({
    ...good,
    layers: good.layers.slice(1),
  })),
  model(
    'hides a parameter',
    'the layers hold every parameter',
    /^the layers have 1 parameters, the model 0$/,
    (good) => ({
      ...good,
      params: {},
    }),
  ),
  model(
    'does more than its layers',
    'the layers one after the other give the scores',
    /^scores, and the layers/,
    (good) => ({
      ...good,
      apply: (images, context) => tf.mul(good.apply(images, context), 2),
    }),
  ),
  model('adds up wrongly', 'macs is the sum over the layers', /^macs is 1, the layers have 1280$/, (good) => ({
    ...good,
    macs: () => 1,
  })),
  model('forgets to dispose', 'no tensor is left over', /^after dispose\(\): 1 tensor is left/, (good) => ({
    ...good,
    dispose() {},
  })),
])
