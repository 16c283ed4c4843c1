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
      doc: 'A max pool with stride 1, then a binomial blur with stride 2.',
      options: {
        operator: opt.choice(operatorNames, {
          default: 'kornia-0.4',
          doc: "The implementation to follow: `adobe` is that of the paper, `kornia-0.4` (before 0.5) made the forum's numbers, `kornia-0.5` is that of kornia since then, and `timm` is that of timm.",
        }),
        size: opt.integer({
          min: 0,
          max: 7,
          default: 0,
          unit: 'taps',
          doc: 'Width of the blur filter; 0 takes the width of `operator`.',
        }),
      },
      create: createBlurPool,
    }),
})
