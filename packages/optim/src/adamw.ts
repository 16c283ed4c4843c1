import { type Optimizer, type OptionValues, opt } from '@tricklab/core'
import { defineFused } from '@tricklab/core/fused'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { decayOf, decayOption } from './decay.ts'
import { createMoments } from './moments.ts'

/** Options of the Adam family. */
export const adamwOptions = {
  learningRate: opt.number({
    min: 0,
    default: 1e-3,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  beta1: opt.number({
    min: 0,
    below: 1,
    default: 0.9,
    doc: 'Decay rate of the running mean of gradients; a schedule may change it.',
  }),
  beta2: opt.number({ min: 0, below: 1, default: 0.999, doc: 'Decay rate of the running mean of squared gradients.' }),
  epsilon: opt.number({
    above: 0,
    default: 1e-8,
    doc: 'Small number added to the root of the mean square, against division by 0.',
  }),
  weightDecay: opt.number({
    min: 0,
    default: 0.01,
    doc: 'Decoupled weight decay: every step shrinks the weights by the share learningRate · weightDecay.',
  }),
  decayNormAndBias: decayOption,
}

export type AdamwValues = OptionValues<typeof adamwOptions>

/**
 * AdamW in PyTorch's order; one fused kernel for all parameters.
 *
 * `p ← p·(1 − lr·decay)`; `m ← β1·m + (1−β1)·g`; `v ← β2·v + (1−β2)·g²`;
 * `p ← p − lr/(1−β1^t) · m / (√(v/(1−β2^t)) + epsilon)`
 * @paper arXiv:1711.05101
 * @differs as PyTorch: the decay is multiplied by the learning rate, not by a schedule of its own
 */
export function createAdamw(values: AdamwValues): Optimizer {
  const { beta1, beta2, epsilon } = values
  const moments = createMoments<'m' | 'v'>()
  return {
    step(params, gradients, { learningRate, momentum }, step) {
      const inputs: Record<string, tf.Tensor> = {}
      for (const [index, { path, value }] of params.entries()) {
        inputs[`p${index}`] = value
        inputs[`m${index}`] = moments.get(path, 'm', value.shape)
        inputs[`v${index}`] = moments.get(path, 'v', value.shape)
        inputs[`g${index}`] = gradients[index]!
      }
      const outputs = fusedAdamw.run(inputs, {
        learningRate,
        beta1: momentum ?? beta1,
        beta2,
        epsilon,
        step,
        weightDecays: params.map((param) => decayOf(param, values)),
      })
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

/**
 * One step of AdamW for all parameters at once: inputs `p0 m0 v0 g0 p1 m1 …`, outputs new tensors `p0′ m0′ v0′ p1′ …`;
 * `weightDecays[i]` is the decay of parameter i.
 */
export const fusedAdamw = defineFused<
  tf.NamedTensorMap,
  { learningRate: number; beta1: number; beta2: number; epsilon: number; step: number; weightDecays: number[] },
  tf.Tensor[]
>('AdamWUpdate', {
  composed: (inputs, { learningRate, beta1, beta2, epsilon, step, weightDecays }) => {
    const stepSize = learningRate / (1 - beta1 ** step)
    const correction = 1 / (1 - beta2 ** step)
    return weightDecays.flatMap((decay, index) => {
      const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((name) => inputs[`${name}${index}`]!) as Quadruple
      const mean = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1))
      const square = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2))
      const deviation = tf.add(tf.sqrt(tf.mul(square, correction)), epsilon)
      const decayed = tf.mul(p, 1 - learningRate * decay)
      return [tf.sub(decayed, tf.mul(tf.div(mean, deviation), stepSize)), mean, square]
    })
  },
})

type Quadruple = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]

export const adamw: Component<'optimizer', typeof adamwOptions> = {
  doc: 'AdamW as in PyTorch: Adam with decoupled weight decay.',
  options: adamwOptions,
  create: createAdamw,
}
