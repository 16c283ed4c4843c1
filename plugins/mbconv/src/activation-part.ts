import type { Activation, Block } from '@tricklab/core'

/** An activation as a block among others. */
export function activationPart(activation: Activation): Block {
  return {
    params: {},
    outputShape: (input) => input,
    macs: () => 0,
    apply: (images) => activation.apply(images),
    dispose() {},
  }
}
