import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { createSsa, options } from './create-ssa.ts'

export type { SelfAttentionBlock } from './create-ssa.ts'
export { attentionMap } from './self-attention.ts'

export default definePlugin({
  name: 'ssa',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) =>
    on.block('ssa', {
      doc: 'SimpleSelfAttention, X + γ(X Xᵀ)(W X).',
      options,
      create: createSsa,
    }),
})
