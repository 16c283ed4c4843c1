import { definePlugin, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import manifest from '../package.json' with { type: 'json' }
import { climb } from './climb.ts'

export default definePlugin({
  name: 'sam',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2010.01412',
  register: (on) =>
    on.optimizer('sam', {
      doc: 'Moves the weights uphill, computes the gradients there, and lets another optimizer step with them, which leads to flat minima.',
      options: {
        inner: opt.optimizer({ doc: 'The optimizer that takes the steps.' }),
        rho: opt.number({ min: 0, default: 0.05, doc: 'Distance by which the weights move uphill.' }),
        adaptive: opt.boolean({
          default: false,
          doc: 'Whether larger weights move further uphill, as in ASAM; ASAM needs a larger rho.',
        }),
      },
      create({ inner: use, ...options }, { create }) {
        const inner = create('optimizer', use, {})
        return {
          passes: 1 + (inner.passes ?? 1),
          together: true,
          async step(params, gradients, hyper, step, again) {
            const start = params.map(({ value }) => tf.clone(value as tf.Tensor))
            const uphill = climb(start, gradients, options)
            for (const [i, { value }] of params.entries()) tf.tidy(() => value.assign(tf.add(value, uphill[i]!)))
            const found = await again!()
            for (const [i, { value }] of params.entries()) value.assign(start[i]!)
            await inner.step(params, found.gradients, hyper, step, again)
            tf.dispose([...start, ...uphill, ...found.gradients, found.loss])
          },
          state: inner.state,
          restore: inner.restore,
          dispose: inner.dispose,
        }
      },
    }),
})
