import { type Block, type BlockContext, fail, type Shape } from '@tricklab/core'
import { activated, createMaxPool, expectKept, formatShape, maxPool } from '@tricklab/nn'
import { type BlurPoolAttrs, blurPool, blurredSize } from './blur-pool.ts'
import { type OperatorName, planOperator } from './operators.ts'

/**
 * Max pool with stride 1, then a binomial blur with stride 2: `blur(max(x))`.
 *
 * Whatever window the slot asks for, the operator's own is used, as in the sources, which put one operator everywhere.
 * @shape `[N, H, W, C]` → `[N, H', W', C]`; with their own filters `kornia-0.4` and `timm` give ⌈H/2⌉,
 *   `adobe` and `kornia-0.5` ⌊H/2⌋
 * @errors E_SHAPE for other channels, another stride than 2, and images smaller than the mirrored border
 * @paper arXiv:1904.11486
 * @differs `adobe` is the paper's; the others are what libraries made of it
 */
export function createBlurPool(
  { operator, size }: { readonly operator: OperatorName; readonly size: number },
  context: BlockContext,
): Block {
  expectKept('Blur pool', context, [2])
  const plan = planOperator(operator, size)
  const max = { ...plan.max, stride: 1 }
  const { outputShape: maxShape } = createMaxPool(max)
  const outputShape = (input: Shape): Shape => blurredShape(maxShape(input), plan.blur)
  const block: Block = {
    params: {},
    outputShape,
    macs(input) {
      const [height, width, channels] = outputShape(input)
      return height * width * channels * plan.blur.taps.length ** 2
    },
    apply(images) {
      const [, height, width, channels] = images.shape
      outputShape([height, width, channels])
      return blurPool(maxPool(images, max), plan.blur)
    },
    dispose() {},
  }
  return activated(block, context)
}

function blurredShape(input: Shape, blur: BlurPoolAttrs): Shape {
  const [height, width, channels] = input
  const reach = blur.border === 'reflect' ? Math.max(...blur.padding) : 0
  const output: Shape = [blurredSize(height, blur), blurredSize(width, blur), channels]
  if (Math.min(height, width) > reach && Math.min(output[0], output[1]) >= 1) return output
  return fail('E_SHAPE', {
    what: 'Blur pool cannot take images as small as these.',
    expected: `more than ${reach} pixels a side after the max pool, and an output of at least 1 × 1 pixels.`,
    received: `${formatShape(input)} after the max pool, which would become ${formatShape(output)}.`,
    fix: 'use larger images, fewer stages or a smaller filter.',
  })
}
