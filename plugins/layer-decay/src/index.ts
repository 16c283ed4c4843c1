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
      doc: 'Runs another optimizer with a learning rate that becomes smaller from the last layer to the first.',
      options: {
        inner: opt.optimizer({ doc: 'The optimizer that takes the steps.' }),
        decay: opt.number({
          above: 0,
          max: 1,
          default: 0.75,
          doc: 'Learning rate of a layer divided by that of the layer behind it; 1 switches layer decay off.',
        }),
        depth: opt.integer({
          min: 1,
          default: 1,
          unit: 'names',
          doc: 'Parameters belong to one layer when so many names at the beginning of their paths are the same.',
        }),
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
