import type { Block, Shape } from '@tricklab/core'
import type { Kept } from '@tricklab/core/contracts'

/** What lets its input through and keeps nothing. */
export const nothingKept: Kept = { input: false, output: false, inside: 0 }

/** What a training step keeps of a block; its input alone where it does not say. */
export const keptBy = (block: Block, input: Shape): Kept =>
  block.kept?.(input) ?? { input: true, output: false, inside: 0 }

/** A map of its input; what a bias is added to is kept as well, for TensorFlow.js keeps what it adds. */
export const keptByMap = (output: Shape, bias: boolean): Kept => ({
  input: true,
  output: false,
  inside: bias ? sizeOf(output) : 0,
})

/** What is kept of blocks one after the other. What both sides of a place between them keep is one tensor. */
export function keptInLine(blocks: readonly Block[], input: Shape): Kept {
  let shape = input
  let kept: Kept | undefined
  for (const block of blocks) {
    const own = keptBy(block, shape)
    const output = block.outputShape(shape)
    // A value that only passes is the same tensor before and after.
    if (!passes(own) || sizeOf(output) !== sizeOf(shape)) {
      const between = kept !== undefined && (kept.output || own.input) ? sizeOf(shape) : 0
      kept = {
        input: kept?.input ?? own.input,
        output: own.output,
        inside: (kept?.inside ?? 0) + between + own.inside,
      }
    }
    shape = output
  }
  return kept ?? nothingKept
}

/** Whether nothing is kept at all. */
export const passes = ({ input, output, inside }: Kept): boolean => !input && !output && inside === 0

export const sizeOf = ([height, width, channels]: Shape): number => height * width * channels
