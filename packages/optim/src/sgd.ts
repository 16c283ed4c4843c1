import { fail, type Optimizer, type OptionValues, opt } from '@tricklab/core'
import { defineFused } from '@tricklab/core/fused'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { decayOf, decayOption } from './decay.ts'
import { createMoments } from './moments.ts'

const options = {
  learningRate: opt.number({
    min: 0,
    default: 1e-3,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  momentum: opt.number({ min: 0, below: 1, default: 0, doc: 'Decay rate of the velocity; a schedule may change it.' }),
  dampening: opt.number({ min: 0, max: 1, default: 0, doc: 'Share of the gradient that is left out of the velocity.' }),
  nesterov: opt.boolean({
    default: false,
    doc: 'Whether to use Nesterov momentum; it needs `momentum` above 0 and `dampening` 0.',
  }),
  weightDecay: opt.number({
    min: 0,
    default: 0,
    doc: 'L2 penalty: the weight times this number is added to its gradient.',
  }),
  decayNormAndBias: decayOption,
}

/**
 * Stochastic gradient descent in PyTorch's order; one fused kernel for all parameters.
 *
 * `g ← g + decay·p`; `b ← momentum·b + (1 − dampening)·g`, but `b ← g` at step 1;
 * `p ← p − lr · (nesterov ? g + momentum·b : b)`
 * @errors E_OPTION_RANGE for nesterov without momentum or with dampening
 * @paper Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning"
 * @differs as PyTorch: the learning rate multiplies the velocity, and does not enter it
 */
export function createSgd(values: OptionValues<typeof options>): Optimizer {
  const { dampening, nesterov } = values
  if (nesterov && (values.momentum === 0 || dampening !== 0)) {
    fail('E_OPTION_RANGE', {
      what: 'optimizer "sgd": nesterov needs momentum and no dampening.',
      expected: 'momentum above 0, dampening 0.',
      received: `momentum ${values.momentum}, dampening ${dampening}.`,
    })
  }
  const moments = createMoments<'b'>()
  return {
    step(params, gradients, { learningRate, momentum = values.momentum }, step) {
      const inputs: Record<string, tf.Tensor> = {}
      for (const [index, { path, value }] of params.entries()) {
        inputs[`p${index}`] = value
        inputs[`b${index}`] = moments.get(path, 'b', value.shape)
        inputs[`g${index}`] = gradients[index]!
      }
      const outputs = fusedSgd.run(inputs, {
        learningRate,
        momentum,
        // Without momentum PyTorch keeps no velocity, so there is nothing to dampen.
        dampening: momentum === 0 ? 0 : dampening,
        nesterov,
        step,
        weightDecays: params.map((param) => decayOf(param, values)),
      })
      for (const [index, { path, value }] of params.entries()) {
        const [p, b] = outputs.slice(2 * index) as [tf.Tensor, tf.Tensor]
        value.assign(p)
        p.dispose()
        moments.set(path, 'b', b)
      }
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}

/** One step of SGD for all parameters at once: inputs `p0 b0 g0 p1 …`, outputs new tensors `p0′ b0′ p1′ …`. */
export const fusedSgd = defineFused<
  tf.NamedTensorMap,
  {
    learningRate: number
    momentum: number
    dampening: number
    nesterov: boolean
    step: number
    weightDecays: number[]
  },
  tf.Tensor[]
>('SgdUpdate', {
  composed: (inputs, { learningRate, momentum, dampening, nesterov, step, weightDecays }) =>
    weightDecays.flatMap((decay, index) => {
      const [p, b, g] = ['p', 'b', 'g'].map((name) => inputs[`${name}${index}`]!) as [tf.Tensor, tf.Tensor, tf.Tensor]
      const gradient = tf.add(g, tf.mul(p, decay))
      const velocity = step === 1 ? gradient : tf.add(tf.mul(b, momentum), tf.mul(gradient, 1 - dampening))
      const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity
      return [tf.sub(p, tf.mul(direction, learningRate)), velocity]
    }),
})

export const sgd: Component<'optimizer', typeof options> = {
  doc: 'SGD with momentum, as in PyTorch.',
  options,
  create: createSgd,
}
