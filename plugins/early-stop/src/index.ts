import { defineErrors, definePlugin, opt } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import manifest from '../package.json' with { type: 'json' }
import { type Watched, watchScore } from './watch-score.ts'

const errors = defineErrors({
  E_EARLY_STOP_METRIC: { exit: 2, meaning: 'The row does not have the score that early-stop watches.' },
})

export default definePlugin({
  name: 'early-stop',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  errors,
  register: (on) =>
    on.callback('early-stop', {
      doc: 'Ends a training when a validation score has not improved for some epochs.',
      stage: 'metric',
      options: {
        metric: opt.text({ default: 'loss', doc: 'The validation score to watch: `loss`, or a metric of the row.' }),
        patience: opt.integer({
          min: 1,
          default: 3,
          unit: 'epochs',
          doc: 'The training ends after so many epochs in a row without an improvement.',
        }),
        minDelta: opt.number({
          min: 0,
          default: 0,
          doc: 'An improvement counts only when the score is better by more than this number.',
        }),
      },
      create({ metric, patience, minDelta }, { metrics }) {
        const known = [{ name: 'loss', better: 'lower' } as const, ...metrics]
        const better = known.find(({ name }) => name === metric)?.better ?? refuse(metric, known)
        let watched: Watched | null = null
        return {
          afterEpoch({ valid }) {
            watched = watchScore(watched, valid[metric]!, { better, minDelta })
            if (watched.waited < patience) return
            return {
              stop: `${metric} has not been better than ${watched.best} for ${patience} ${patience === 1 ? 'epoch' : 'epochs'}`,
            }
          },
          state: () => watched,
          restore(state) {
            watched = state as Watched | null
          },
        }
      },
    }),
})

function refuse(metric: string, known: readonly { readonly name: string }[]): never {
  const names = known.map(({ name }) => name)
  return errors.fail('E_EARLY_STOP_METRIC', {
    what: `callback "early-stop" watches the score "${metric}", which the row does not have.`,
    expected: `one of ${names.join(', ')}.`,
    received: `"${metric}".`,
    fix: suggest(metric, names),
  })
}
