import { opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { type AdamwValues, adamwOptions, createAdamw } from './adamw.ts'

const options = {
  ...adamwOptions,
  beta2: opt.number({
    min: 0,
    below: 1,
    default: 0.99,
    doc: 'Decay rate of the running mean of squared gradients (`sqr_mom` in fastai).',
  }),
  epsilon: opt.number({
    above: 0,
    default: 1e-5,
    doc: 'Small number added to the root of the mean square, against division by 0.',
  }),
  decayNormAndBias: opt.boolean({
    default: false,
    doc: 'Whether weight decay also applies to biases, norms, learned scales and tokens (`wd_bn_bias` in fastai).',
  }),
}

/**
 * fastai's Adam: decoupled decay, which norms and biases are spared; otherwise the formula of `adamw`.
 * @paper arXiv:1412.6980, decay: arXiv:1711.05101
 * @differs from `adamw` in its defaults alone: β2 0.99, epsilon 1e-5, no decay of norms and biases
 */
export const adam: Component<'optimizer', typeof options> = {
  doc: 'Adam with decoupled weight decay, as in fastai.',
  options,
  create: (values: AdamwValues) => createAdamw(values),
}
