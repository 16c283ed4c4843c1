import { type Optimizer, type OptionValues, opt } from '@tricklab/core'
import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { createMoments, decayOf } from '@tricklab/optim'
import { rectify } from './rectify.ts'

export const options = {
  learningRate: opt.number({
    min: 0,
    default: 4e-3,
    doc: 'Size of a step; the largest size when a schedule changes it.',
  }),
  beta1: opt.number({
    min: 0,
    below: 1,
    default: 0.95,
    doc: 'Decay rate of the running mean of gradients; a schedule may change it.',
  }),
  beta2: opt.number({ min: 0, below: 1, default: 0.99, doc: 'Decay rate of the running mean of squared gradients.' }),
  epsilon: opt.number({
    above: 0,
    default: 1e-6,
    doc: 'Small number added to the root of the mean square, against division by 0.',
  }),
  weightDecay: opt.number({
    min: 0,
    default: 0.01,
    doc: 'Decoupled weight decay: the weights shrink by the share learningRate · weightDecay before each step.',
  }),
  decayNormAndBias: opt.boolean({
    default: false,
    doc: 'Whether weight decay also applies to biases, norms, learned scales and tokens.',
  }),
  k: opt.integer({
    min: 1,
    default: 6,
    unit: 'steps',
    doc: 'Number of steps after which lookahead pulls the weights towards its slow weights.',
  }),
  alpha: opt.number({
    above: 0,
    max: 1,
    default: 0.5,
    doc: 'Share of the way that the slow weights of lookahead move towards the weights; 1 switches lookahead off.',
  }),
  rectifyAbove: opt.number({
    min: 4,
    default: 5,
    unit: 'samples',
    doc: 'Steps are divided by the root of the mean square only when this mean covers more than so many samples (ρ in RAdam).',
  }),
  gradientCentralisation: opt.boolean({
    default: false,
    doc: 'Whether the mean is subtracted from every gradient of rank 2 or more, as in Ranger 20.4.11 and later.',
  }),
  form: opt.choice(['ranger-9.3.19', 'fastai-2'], {
    default: 'ranger-9.3.19',
    addedLater: true,
    doc: 'The implementation to follow: `ranger-9.3.19`, or `fastai-2`, which adds epsilon after the bias correction and starts the slow weights before the first decay.',
  }),
}

/**
 * Ranger: rectified Adam inside lookahead; one fused kernel for all parameters.
 *
 * `p ← p·(1 − lr·decay)`; at the first step `s ← p`; `m ← β1·m + (1−β1)·g`; `v ← β2·v + (1−β2)·g²`;
 * `p ← p − lr·factor · (rectified ? m / (√v + epsilon) : m)`, see `rectify`;
 * at every k-th step `s ← s + alpha·(p − s)`, `p ← s`
 *
 * In the form of fastai 2, `s ← p` comes before the first decay, and epsilon joins after the bias correction:
 * `√(v / (1 − β2^t)) + epsilon` takes the place of `(√v + epsilon) / √(1 − β2^t)`.
 * @paper RAdam: arXiv:1908.03265; lookahead: arXiv:1907.08610; centralisation: arXiv:2004.01461
 * @differs as the sources: Ranger 9.3.19 adds epsilon to the root of v before its bias is corrected, and in both forms
 * the mean takes a step of its own while v is too uncertain to divide by
 */
export function createRanger(values: OptionValues<typeof options>): Optimizer {
  const { beta2, k, alpha, rectifyAbove, gradientCentralisation, form } = values
  const moments = createMoments<'m' | 'v' | 'slow'>()
  return {
    step(params, gradients, { learningRate, momentum: beta1 = values.beta1 }, step) {
      const weightDecays = params.map((param) => decayOf(param, values))
      const synchronise = step % k === 0
      const known = moments.state()
      const inputs: Record<string, tf.Tensor> = {}
      for (const [index, { path, value }] of params.entries()) {
        // fastai 1 decays before Ranger 9.3.19 sees the weights, so the slow ones start decayed too.
        const keep = form === 'fastai-2' ? 1 : 1 - learningRate * weightDecays[index]!
        if (!(`${path}/slow` in known)) moments.set(path, 'slow', tf.mul(value, keep))
        inputs[`p${index}`] = value
        inputs[`m${index}`] = moments.get(path, 'm', value.shape)
        inputs[`v${index}`] = moments.get(path, 'v', value.shape)
        inputs[`s${index}`] = moments.get(path, 'slow', value.shape)
        inputs[`g${index}`] = gradients[index]!
      }
      // (√(v / c) + ε)·√c = √v + ε·√c with c = 1 − β2^t: both forms are one kernel.
      const epsilon = form === 'fastai-2' ? values.epsilon * Math.sqrt(1 - beta2 ** step) : values.epsilon
      const { rectified, factor } = rectify(step, { beta1, beta2, rectifyAbove })
      const outputs = fusedRanger.run(inputs, {
        ...{ learningRate, stepSize: learningRate * factor, rectified, beta1, beta2, epsilon, weightDecays },
        alpha: synchronise ? alpha : 0,
        centralise: gradientCentralisation,
      })
      for (const [index, { path, value }] of params.entries()) {
        const [p, m, v] = outputs.slice(3 * index) as [tf.Tensor, tf.Tensor, tf.Tensor]
        value.assign(p)
        moments.set(path, 'm', m)
        moments.set(path, 'v', v)
        // Weights and slow weights are now the same; they share memory until the next step.
        if (synchronise) moments.set(path, 'slow', p)
        else p.dispose()
      }
    },
    state: moments.state,
    restore: moments.restore,
    dispose: moments.dispose,
  }
}

/**
 * One step of Ranger for all parameters: for each i
 * `m ← β1·m + (1−β1)·g`, `v ← β2·v + (1−β2)·g²`,
 * `p ← p·(1 − lr·decay_i) − stepSize · (rectified ? m / (sqrt(v) + eps) : m)`; where `alpha` is above 0, that is at the
 * steps at which lookahead takes the weights back, then `p ← s + alpha·(p − s)`.
 * `centralise`: a gradient of rank above 1 first loses its mean over all axes but the last.
 * Inputs `p0 m0 v0 s0 g0 p1 …`, s the slow weights; outputs new tensors `p0' m0' v0' p1' …`.
 */
export const fusedRanger = defineFused<
  tf.NamedTensorMap,
  {
    learningRate: number
    stepSize: number
    rectified: boolean
    beta1: number
    beta2: number
    epsilon: number
    alpha: number
    centralise: boolean
    weightDecays: number[]
  },
  tf.Tensor[]
>('RangerUpdate', {
  composed: (inputs, { learningRate, stepSize, rectified, beta1, beta2, epsilon, ...attrs }) =>
    attrs.weightDecays.flatMap((decay, index) => {
      const [p, m, v, s, raw] = ['p', 'm', 'v', 's', 'g'].map((name) => inputs[`${name}${index}`]!) as Five
      const g = attrs.centralise ? centralise(raw) : raw
      const mean = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1))
      const square = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2))
      const direction = rectified ? tf.div(mean, tf.add(tf.sqrt(square), epsilon)) : mean
      const fast = tf.sub(tf.mul(p, 1 - learningRate * decay), tf.mul(direction, stepSize))
      const weights = attrs.alpha === 0 ? fast : tf.add(s, tf.mul(tf.sub(fast, s), attrs.alpha))
      return [weights, mean, square]
    }),
})

type Five = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]

/** Outputs are the last axis of every weight, of a convolution as of a linear map. */
function centralise(gradient: tf.Tensor): tf.Tensor {
  if (gradient.rank < 2) return gradient
  return tf.sub(gradient, tf.mean(gradient, [...gradient.shape.keys()].slice(0, -1), true))
}
