import { definePlugin, type NamedParam, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createAverage, decayAt } from './average.ts'

export default definePlugin({
  name: 'ema',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging"',
  register: (on) =>
    on.callback('ema', {
      doc: 'Validation sees an exponential moving average of the weights, and it is the result.',
      stage: 'optim',
      options: {
        decay: opt.number({
          min: 0,
          below: 1,
          default: 0.999,
          doc: 'Share of the average that an update keeps; 0 is off.',
        }),
        warmup: opt.boolean({ default: false, doc: 'Begin with small decays: at most (1 + n)/(10 + n) at update n.' }),
        handOn: opt.boolean({
          default: false,
          addedLater: true,
          doc: 'A later stage of the row begins with the average, not with the weights that were trained.',
        }),
      },
      create(options) {
        const average = createAverage()
        let all: readonly NamedParam[] = []
        let updates = 0
        return {
          beforeFit({ params }) {
            all = params
            average.begin(params)
          },
          afterStep: () => average.update(all, decayAt(updates++, options)),
          evaluationWeights: average.tensors,
          handsOn: options.handOn,
          state: () => updates,
          tensors: average.tensors,
          restore(state, tensors) {
            updates = state as number
            average.restore(tensors)
          },
          dispose: average.dispose,
        }
      },
    }),
})
