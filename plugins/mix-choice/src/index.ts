import { definePlugin, fail, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }

const twice = 'Every image is then mixed twice: once by each of them.'

export default definePlugin({
  name: 'mix-choice',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2110.00476',
  register: (on) =>
    on.callback('mix-choice', {
      doc: 'Draws one of two mixing callbacks for each training batch, such as mixup or CutMix.',
      notBeside: { mixup: twice, cutmix: twice },
      stage: 'target',
      options: {
        first: opt.callback({ default: 'mixup', doc: 'Callback that is drawn otherwise.' }),
        second: opt.callback({ default: 'cutmix', doc: 'Callback that is drawn with the chance `chance`.' }),
        chance: opt.number({
          min: 0,
          max: 1,
          default: 0.5,
          unit: 'probability',
          doc: 'Chance that the second callback is drawn.',
        }),
      },
      create({ first, second, chance }, { rng, create, source, metrics }) {
        const choices = [first, second].map((use) => {
          const { beforeBatch, ...rest } = create('callback', use, { source, metrics })
          if (beforeBatch === undefined || Object.keys(rest).length > 0) {
            fail('E_OPTION_RANGE', {
              what: 'callback "mix-choice" can draw only between callbacks that change a batch and do nothing else.',
              expected: 'two callbacks such as "mixup" and "cutmix".',
              received: `${JSON.stringify(use)}.`,
            })
          }
          return beforeBatch
        })
        return {
          beforeBatch: (batch) =>
            batch.training ? choices[Number(rng.at('choice', batch.step).uniform() < chance)]!(batch) : undefined,
        }
      },
    }),
})
