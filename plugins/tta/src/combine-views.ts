import * as tf from '@tricklab/core/tf'

/** Of what share of the result each view is; a weight of 0 leaves the view out. */
interface WeightedView {
  readonly logProbabilities: tf.Tensor2D
  readonly weight: number
}

/**
 * `log((1 − beta) · mean_i p_i + beta · p)`, p the probabilities of the plain view and p_i those of the drawn ones.
 *
 * The result is a distribution again, between the least and the greatest of the views for every class.
 * @shape `[batch, classes]`, all of them logarithms of probabilities
 * @differs none from fastai's `Learner.tta`, which mixes probabilities; here their logarithms come in and go out, so that
 * what float32 would round to 0 keeps its order
 */
export function combineMean(plain: tf.Tensor2D, views: readonly tf.Tensor2D[], beta: number): tf.Tensor2D {
  const drawn = views.map((logProbabilities) => ({ logProbabilities, weight: (1 - beta) / views.length }))
  return mix([...drawn, { logProbabilities: plain, weight: beta }].filter(({ weight }) => weight > 0))
}

function mix(weighted: readonly WeightedView[]): tf.Tensor2D {
  const [first, ...others] = weighted as [WeightedView, ...WeightedView[]]
  if (others.length === 0) return first.logProbabilities
  return tf.tidy(() => {
    const terms = weighted.map(({ logProbabilities, weight }) => tf.add(logProbabilities, Math.log(weight)))
    return tf.logSumExp(tf.stack(terms), 0) as tf.Tensor2D
  })
}

/**
 * `log max(p, p_1, …, p_n)` for every class: no longer a distribution, and never below any view.
 * @shape `[batch, classes]`, all of them logarithms of probabilities
 * @differs none from fastai's `Learner.tta(use_max=True)`
 */
export function combineMax(plain: tf.Tensor2D, views: readonly tf.Tensor2D[]): tf.Tensor2D {
  return tf.tidy(() => views.reduce((highest, view) => tf.maximum(highest, view), plain))
}
