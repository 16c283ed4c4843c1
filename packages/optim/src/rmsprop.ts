import { type Optimizer, type OptionValues, opt } from '@tricklab/core'
import { defineFused } from '@tricklab/core/fused'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { decayOf } from './decay.ts'
import { createMoments } from './moments.ts'

const options = {
  learningRate: opt.number({
    min: 0,
    default: 0.016,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  decay: opt.number({ min: 0, below: 1, default: 0.9, doc: 'Decay rate of the running mean of squared gradients.' }),
  momentum: opt.number({
    min: 0,
    below: 1,
    default: 0.9,
    doc: 'Decay rate of the velocity; a schedule may change it.',
  }),
  epsilon: opt.number({ above: 0, default: 1e-3, doc: 'Small number added to the mean square, inside the root.' }),
  weightDecay: opt.number({
    min: 0,
    default: 0,
    doc: 'L2 penalty: the weight times this number is added to its gradient.',
  }),
  decayBias: opt.boolean({
    default: false,
    doc: 'Whether weight decay also applies to biases, as in the reference code of EfficientNet.',
  }),
  decayNorm: opt.boolean({
    default: false,
    doc: 'Whether weight decay also applies to norms, learned scales and tokens.',
  }),
}

/**
 * RMSprop as TensorFlow 1 has it and EfficientNet's reference uses it; one fused kernel for all parameters.
 *
 * `g ← g + weightDecay·p`; `v ← decay·v + (1−decay)·g²`, v = 1 at first; `m ← momentum·m + lr·g/√(v + epsilon)`;
 * `p ← p − m`
 * @paper Tieleman and Hinton 2012, lecture 6.5
 * @differs none from TensorFlow 1. PyTorch starts v at 0, adds epsilon outside the root and lets the rate multiply the
 * velocity. EfficientNet's reference decays weights and biases and leaves norms alone: that is `decayBias: true` here
 */
export function createRmsprop(values: OptionValues<typeof options>): Optimizer {
  const { decay, epsilon } = values
  const moments = createMoments<'m' | 'v'>()
  return {
    step(params, gradients, { learningRate, momentum = values.momentum }) {
      const known = moments.state()
      const inputs: Record<string, tf.Tensor> = {}
      for (const [index, { path, value }] of params.entries()) {
        if (!(`${path}/v` in known)) moments.set(path, 'v', tf.ones(value.shape))
        inputs[`p${index}`] = value
        inputs[`m${index}`] = moments.get(path, 'm', value.shape)
        inputs[`v${index}`] = moments.get(path, 'v', value.shape)
        inputs[`g${index}`] = gradients[index]!
      }
      const weightDecays = params.map((param) => decayOf(param, values))
      const outputs = fusedRmsprop.run(inputs, { learningRate, decay, momentum, epsilon, weightDecays })
      for (const [index, { path, value }] of params.entries()) {
        const [p, m, v] = outputs.slice(3 * index) as [tf.Tensor, tf.Tensor, tf.Tensor]
        value.assign(p)
        p.dispose()
        moments.set(path, 'm', m)
        moments.set(path, 'v', v)
      }
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}

/** One step of RMSprop for all parameters at once: inputs `p0 m0 v0 g0 p1 …`, outputs new tensors `p0′ m0′ v0′ p1′ …`. */
export const fusedRmsprop = defineFused<
  tf.NamedTensorMap,
  { learningRate: number; decay: number; momentum: number; epsilon: number; weightDecays: number[] },
  tf.Tensor[]
>('RmspropUpdate', {
  composed: (inputs, { learningRate, decay, momentum, epsilon, weightDecays }) =>
    weightDecays.flatMap((weightDecay, index) => {
      const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((name) => inputs[`${name}${index}`]!) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]
      const gradient = weightDecay === 0 ? g : tf.add(g, tf.mul(p, weightDecay))
      const square = tf.add(tf.mul(v, decay), tf.mul(tf.square(gradient), 1 - decay))
      const push = tf.mul(tf.div(gradient, tf.sqrt(tf.add(square, epsilon))), learningRate)
      const velocity = tf.add(tf.mul(m, momentum), push)
      return [tf.sub(p, velocity), velocity, square]
    }),
})

export const rmsprop: Component<'optimizer', typeof options> = {
  doc: 'RMSprop with momentum, as in TensorFlow.',
  options,
  create: createRmsprop,
}
