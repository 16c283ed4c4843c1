import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createPermutedGroups, options } from './create-permuted-groups.ts'

export { wireGroups } from './create-permuted-groups.ts'
export { type Design, designs, drawLinks, type SmallWorld } from './designs.ts'
export { type GraphMeasures, measureGraph } from './graph.ts'

export default definePlugin({
  name: 'permuted-groups',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.block('permuted-groups', {
      doc: 'A grouped convolution in which every group reads the channels of another group.',
      options,
      create: createPermutedGroups,
    }),
})
