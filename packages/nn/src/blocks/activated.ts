import type { Activation, Block } from '@tricklab/core'
import { reluActivation } from '../activations/relu.ts'
import { keptInLine } from '../layers/kept.ts'
import { createActivationLayer } from '../layers/parameter-free.ts'

/** A block followed by the skeleton's activation, if one is wanted; ReLU where the skeleton names none. */
export function activated(
  block: Block,
  { activate, activation = reluActivation }: { readonly activate: boolean; readonly activation?: Activation },
): Block {
  if (!activate) return block
  const line = [block, createActivationLayer(activation)]
  return {
    ...block,
    kept: (input) => keptInLine(line, input),
    apply: (images, context) => activation.apply(block.apply(images, context)),
  }
}
