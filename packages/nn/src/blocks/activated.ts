import type { Activation, Block } from '@tricklab/core'
import { reluActivation } from '../activations/relu.ts'

/** A block followed by the skeleton's activation, if one is wanted; ReLU where the skeleton names none. */
export function activated(
  block: Block,
  { activate, activation = reluActivation }: { readonly activate: boolean; readonly activation?: Activation },
): Block {
  if (!activate) return block
  return { ...block, apply: (images, context) => activation.apply(block.apply(images, context)) }
}
