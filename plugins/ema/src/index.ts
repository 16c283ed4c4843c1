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
      doc: 'Keeps an exponential moving average of the weights; validation uses the average, and the result is the average.',
      stage: 'optim',
      options: {
        decay: opt.number({
          min: 0,
          below: 1,
          default: 0.999,
          doc: 'Share of the average that stays at every update; 0 switches the average off.',
        }),
        warmup: opt.boolean({
          default: false,
          doc: 'Whether the decay starts small: at update n it is at most (1 + n)/(10 + n).',
        }),
        handOn: opt.boolean({
          default: false,
          addedLater: true,
          doc: 'Whether a later stage of the row begins with the average; otherwise it begins with the trained weights.',
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
