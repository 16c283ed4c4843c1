import type { NetworkPlan, PlannedBlock } from './plan.ts'
import { squeezedWidth } from './squeezed-width.ts'

/** What a network takes, for one image. */
export interface NetworkCost {
  /** Trainable numbers. */
  readonly params: number
  /** Multiply-accumulates of a forward pass. */
  readonly macs: number
  /** Numbers that a training step keeps for its backward pass. */
  readonly activations: number
}

/**
 * Cost of a network from its plan, without making one: what a scaling does is known before anything is trained.
 *
 * Kept for the backward pass are the input of every convolution, norm, activation, gate and sum; pooled values and gates
 * themselves, one a channel, are not counted.
 * @unit image size in pixels, square
 */
export function costOf(
  { stem, blocks, head }: NetworkPlan,
  { imageSize, channels = 3, classes }: { imageSize: number; channels?: number; classes: number },
): NetworkCost {
  let size = Math.ceil(imageSize / 2)
  let area = size ** 2
  const image = imageSize ** 2 * channels
  // The image; the stem's convolution, norm and activation.
  const sum = {
    params: 9 * channels * stem + 2 * stem,
    macs: 9 * channels * stem * area,
    activations: image + 2 * stem * area,
  }
  for (const block of blocks) {
    const output = Math.ceil(size / block.stride)
    const cost = blockCost(block, area, output ** 2)
    sum.params += cost.params
    sum.macs += cost.macs
    sum.activations += cost.activations
    size = output
    area = size ** 2
  }
  const last = blocks.at(-1)!.outputChannels
  return {
    params: sum.params + last * head + 2 * head + head * classes + classes,
    macs: sum.macs + last * head * area + head * classes,
    activations: sum.activations + (last + 2 * head) * area,
  }
}

function blockCost(block: PlannedBlock, inputArea: number, area: number): NetworkCost {
  const { inputChannels, outputChannels, kernelSize, expand } = block
  const inner = inputChannels * expand
  const squeezed = squeezedWidth(inputChannels, 0.25)
  const window = kernelSize ** 2
  const adds = block.stride === 1 && inputChannels === outputChannels
  const expansion = expand === 1 ? 0 : 1
  return {
    params:
      expansion * (inputChannels * inner + 2 * inner) +
      (window * inner + 2 * inner) +
      (2 * inner * squeezed + squeezed + inner) +
      (inner * outputChannels + 2 * outputChannels),
    macs:
      expansion * inputChannels * inner * inputArea +
      window * inner * area +
      2 * inner * squeezed +
      inner * outputChannels * area,
    activations:
      // Input of the first convolution, norm and activation, and of the depthwise convolution.
      inputChannels * inputArea +
      expansion * 3 * inner * inputArea +
      // Of its norm, the activation, the gate and the projection, and of the last norm.
      4 * inner * area +
      outputChannels * area +
      // Of the sum, and of drop-connect, which the first block does without.
      (adds ? (block.dropShare > 0 ? 2 : 1) * outputChannels * area : 0),
  }
}
