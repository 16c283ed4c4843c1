/** Predictors that break one promise each. */
import { definePlugin, opt, type Predictor } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { checkPredictor } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

const geometric: Predictor['combine'] = (plain, views) =>
  tf.logSoftmax(tf.div(tf.addN([plain, ...views]), views.length + 1))

const plugin = (change: Partial<Predictor> = {}) =>
  definePlugin({
    name: 'predictors',
    core: '^0.1.0',
    register: (on) =>
      on.predictor('geometric', {
        doc: 'The geometric mean of all views.',
        options: { views: opt.integer({ min: 1, default: 3, doc: 'Views.' }) },
        create: ({ views }) => ({ views, combine: geometric, ...change }),
      }),
  })

function reference(plain: readonly number[], views: readonly (readonly number[])[]): number[] {
  const means = plain.map((p, k) =>
    Math.exp([p, ...views.map((view) => view[k]!)].reduce((s, q) => s + Math.log(q), 0) / 4),
  )
  const total = means.reduce((sum, mean) => sum + mean, 0)
  return means.map((mean) => mean / total)
}

const broken = (breakage: string, check: string, message: RegExp, change: Partial<Predictor>): Broken => ({
  breakage,
  check,
  message,
  plugin: plugin(change),
})

const leaked: tf.Tensor[] = []

describeBroken({ plugin: plugin(), name: 'geometric' }, (spec, only) => checkPredictor({ ...spec, reference }, only), [
  broken('wants no view', 'it draws a whole number of views, one at least', /^it wants 0 views$/, { views: 0 }),
  broken('mixes the samples', 'every sample is scored by itself, in the shape of its views', /numbers differ$/, {
    combine: (plain, views) => tf.sub(geometric(plain, views), tf.mean(plain)),
  }),
  broken('sums the classes', 'every sample is scored by itself, in the shape of its views', /became \[5,1\]$/, {
    combine: (plain) => tf.sum(plain, 1, true) as tf.Tensor2D,
  }),
  broken('adds up the views', 'views that are all the same score as one of them', /^equal views: a probability/, {
    combine: (plain, views) => tf.addN([plain, ...views]),
  }),
  broken('forgets the plain view', 'probabilities are those of the reference', /a probability is .*; expected/, {
    combine: (_, views) => tf.logSoftmax(tf.div(tf.addN([...views]), views.length)),
  }),
  broken('leaves the logarithms', 'scores are finite where probabilities round to 0', /^the score is not finite/, {
    combine: (plain, views) => tf.log(tf.mean(tf.exp(tf.stack([plain, ...views])), 0)) as tf.Tensor2D,
  }),
  broken('disposes of a view', 'inputs are left as they were', /^view 1 was disposed of$/, {
    combine(plain, views) {
      const combined = geometric(plain, views)
      views[0]!.dispose()
      return combined
    },
  }),
  broken('keeps a tensor', 'no tensor is left over', /^after a batch: 1 tensor is left/, {
    combine(plain, views) {
      leaked.push(tf.keep(tf.scalar(1)))
      return geometric(plain, views)
    },
  }),
])
