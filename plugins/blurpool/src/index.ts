import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createBlurPool } from './create-blur-pool.ts'
import { operatorNames } from './operators.ts'

export default definePlugin({
  name: 'blurpool',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1904.11486',
  register: (on) =>
    on.block('blurpool', {
      doc: 'Max pool, then a binomial blur with stride 2.',
      options: {
        operator: opt.choice(operatorNames, {
          default: 'kornia-0.4',
          doc: "Whose; the forum's is kornia's before 0.5.",
        }),
        size: opt.integer({ min: 0, max: 7, default: 0, unit: 'taps', doc: "The filter's; 0: the operator's own." }),
      },
      create: createBlurPool,
    }),
})
