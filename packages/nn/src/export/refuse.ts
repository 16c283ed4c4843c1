import { fail } from '@tricklab/core'
import type { TracedNode } from './trace.ts'

/** A kernel that a format cannot say, or not in this way. @errors E_EXPORT, naming the layer */
export function refuseNode({ layer, kernel }: TracedNode, format: string, why = 'for which it has no word'): never {
  return fail('E_EXPORT', {
    what: `The layer "${layer}" cannot be written as ${format}: it uses the kernel ${kernel}, ${why}.`,
    expected: 'convolutions, norms, pools, activations, sums, products and the like.',
    received: `${kernel}.`,
    fix: 'export the weights alone: --format safetensors.',
  })
}
