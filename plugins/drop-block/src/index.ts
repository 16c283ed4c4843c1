import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createDropBlock } from './create-drop-block.ts'

export default definePlugin({
  name: 'drop-block',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:1810.12890',
  register: (on) =>
    on.block('drop-block', {
      doc: 'Leaves out square blocks of feature maps at random in training.',
      notBeside: { 'stochastic-depth': 'Both leave out parts of the same branch at random.' },
      options: {
        rate: opt.number({
          min: 0,
          below: 1,
          default: 0.1,
          doc: 'Share of the values that blocks would leave out if none overlapped; 0 switches DropBlock off.',
        }),
        size: opt.integer({
          min: 1,
          default: 7,
          unit: 'pixels',
          doc: 'Side of a block; a smaller feature map is left out as far as it goes.',
        }),
      },
      create: createDropBlock,
    }),
})
