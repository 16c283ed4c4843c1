import { definePlugin, opt } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { decayLayers } from './decay-layers.ts'

export default definePlugin({
  name: 'layer-decay',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  paper: 'arXiv:2106.08254',
  register: (on) =>
    on.optimizer('layer-decay', {
      doc: 'Another optimizer with smaller learning rates the nearer a layer is to the input.',
      options: {
        inner: opt.optimizer({ doc: 'The optimizer that takes the steps.' }),
        decay: opt.number({
          above: 0,
          max: 1,
          default: 0.75,
          doc: 'Factor from one layer to the one before; 1 is off.',
        }),
        depth: opt.integer({ min: 1, default: 1, unit: 'names', doc: 'First names of a path that make a layer.' }),
      },
      create({ inner: use, decay, depth }, { create }) {
        const inner = create('optimizer', use, {})
        return {
          ...inner,
          together: true,
          step: (params, ...rest) => inner.step(decayLayers(params, decay, depth), ...rest),
        }
      },
    }),
})
