import { definePlugin, type NamedParam, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createMoments } from '@tricklab/optim'
import manifest from '../package.json' with { type: 'json' }

const mean = 'mean'

/**
 * After every epoch that ends behind the share `start` of the training: `mean ← mean + (w − mean)/(n + 1)`, n epochs being
 * averaged already. Running statistics of norms are averaged too.
 * @paper arXiv:1803.05407
 */
export default definePlugin({
  name: 'swa',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1803.05407',
  register: (on) =>
    on.callback('swa', {
      doc: 'Averages the weights of the last epochs; validation uses the average, and the result is the average.',
      stage: 'optim',
      options: {
        start: opt.number({
          min: 0,
          max: 1,
          default: 0.75,
          unit: 'share of the epochs',
          doc: 'Share of the training after which the weights at the end of each epoch are averaged; 1 switches SWA off.',
        }),
      },
      create({ start }) {
        const means = createMoments<typeof mean>()
        let all: readonly NamedParam[] = []
        let fit = { epochs: 0, firstStep: 0, stepsPerEpoch: 1 }
        let averaged = 0
        return {
          beforeFit(info) {
            all = info.params
            fit = info
            // Room for the means is made at once, so that memory does not grow at the end.
            if (start < 1) for (const { path, value } of all) means.get(path, mean, value.shape)
          },
          afterStep({ step }) {
            const done = (step + 1 - fit.firstStep) / fit.stepsPerEpoch
            if (!Number.isInteger(done) || done <= start * fit.epochs) return
            for (const { path, value } of all) {
              const before = averaged === 0 ? value : means.get(path, mean, value.shape)
              const next = tf.tidy(() => tf.add(before, tf.div(tf.sub(value, before), averaged + 1)))
              means.set(path, mean, next)
            }
            averaged += 1
          },
          evaluationWeights: () =>
            averaged === 0
              ? {}
              : Object.fromEntries(all.map(({ path, value }) => [path, means.get(path, mean, value.shape)])),
          state: () => averaged,
          tensors: means.state,
          restore(state, tensors) {
            averaged = state as number
            means.restore(tensors)
          },
          dispose: means.dispose,
        }
      },
    }),
})
