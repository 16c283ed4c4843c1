import type { Activation, Block, BlockContext, Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { reluActivation } from '../activations/relu.ts'
import { keptBy, keptInLine, passes, sizeOf } from '../layers/kept.ts'
import { applyPart, collectParams, disposeParts, type Parts, sequential } from '../layers/sequential.ts'
import { addRelu, fusedLinear, fusedRelu } from '../ops/relu.ts'
import { expectEqual, within } from '../shape.ts'
import { createConvNorm } from './conv-norm.ts'
import type { PlaceContext } from './offers.ts'
import { createAveragePoolBlock } from './pools.ts'

/**
 * The branch of a residual block: 1 × 1, 3 × 3 with the stride, 1 × 1, or two 3 × 3 where `expansion` is 1; the last norm
 * starts at 0. What stands in the slot `branch` takes their place, as `convolutions`. Then what stands in the slot
 * `attention`.
 */
export function createResidualBranch(context: PlaceContext): Block {
  const { outputChannels, slots, offers, init } = context
  const filled = slots?.optionalSlot('branch')
  const scoped = { ...context, activate: false, offers: { ...offers, zero: true }, init: init.scope('convolutions') }
  const convolutions = filled === undefined ? createConvolutions(context) : [{ convolutions: filled.create(scoped) }]
  return sequential(Object.assign({}, ...convolutions, createAttentions(outputChannels, context)))
}

/** What stands in the slot `attention` at the end of a branch: `attention`, `attention2` and so on. */
export function createAttentions(
  channels: number,
  { activation, slots, init }: Pick<BlockContext, 'activation' | 'slots' | 'init'>,
): Parts {
  const entries = (slots?.slotUses('attention') ?? []).map((attention, index) => {
    const name = index === 0 ? 'attention' : `attention${index + 1}`
    const block = attention.create({
      ...{ inputChannels: channels, outputChannels: channels, kernelSize: 1, stride: 1, activate: false },
      ...(activation === undefined ? {} : { activation }),
      ...(slots === undefined ? {} : { slots }),
      init: init.scope(name),
    })
    return [name, block] as const
  })
  return Object.fromEntries(entries)
}

/**
 * The convolutions of a branch, each with its norm: `conv1`, `norm1` and so on. `inner` are the channels between them, and
 * `groups` those of the one with the stride.
 */
export function createConvolutions(
  context: PlaceContext,
  { inner = context.outputChannels / (context.offers?.expansion ?? 1), groups = 1 } = {},
): Parts[] {
  const { inputChannels, outputChannels, kernelSize, stride, offers: { expansion = 1 } = {} } = context
  const widths =
    expansion === 1 ? [inputChannels, inner, outputChannels] : [inputChannels, inner, inner, outputChannels]
  const strided = expansion === 1 ? 0 : 1
  const last = widths.length - 2
  return widths.slice(1).map((width, index) => {
    const wide = expansion === 1 || index === 1
    const spec = {
      inputChannels: widths[index]!,
      outputChannels: width,
      kernelSize: wide ? kernelSize : 1,
      stride: index === strided ? stride : 1,
      groups: index === strided ? groups : 1,
      activate: index < last,
      zero: index === last,
    }
    return createConvNorm(context, spec, { suffix: String(index + 1), slotted: wide })
  })
}

/**
 * The shortcut of a residual block: the downsampling pool where there is a stride, then a 1 × 1 convolution and a norm
 * where the channels change; empty where shapes match.
 * @paper arXiv:1812.01187, ResNet-D
 */
export function createShortcut(context: BlockContext): Block {
  const { inputChannels, outputChannels, stride, init } = context
  const scoped = { ...context, init: init.scope('shortcut') }
  const conv = { inputChannels, outputChannels, kernelSize: 1, stride: 1, activate: false }
  return sequential({
    ...(stride === 1 ? {} : { pool: createDownsamplingPool(scoped) }),
    ...(inputChannels === outputChannels ? {} : createConvNorm(scoped, conv)),
  })
}

/** The pool that halves the input of a residual block: the slot `pool`, else the mean of 2 × 2. */
export function createDownsamplingPool({ inputChannels, stride, activation, slots, init }: BlockContext): Block {
  const context = {
    ...{ inputChannels, outputChannels: inputChannels, kernelSize: 2, stride, activate: false },
    ...(activation === undefined ? {} : { activation }),
    init: init.scope('pool'),
  }
  return slots?.optionalSlot('pool')?.create(context) ?? createAveragePoolBlock(context)
}

/** `act(branch(pool(x)) + shortcut(pool(x)))`; without `pool` both get x itself. */
export function joinResidual(
  { pool = sequential({}), branch, shortcut }: { pool?: Block; branch: Block; shortcut: Block },
  { activate, activation = reluActivation }: { readonly activate: boolean; readonly activation?: Activation },
): Block {
  const parts = { pool, branch, shortcut }
  const outputShape = (input: Shape): Shape => {
    const pooled = within('pool', () => pool.outputShape(input))
    const shape = within('branch', () => branch.outputShape(pooled))
    return expectEqual(
      shape,
      within('shortcut', () => shortcut.outputShape(pooled)),
    )
  }
  const fused = activate && activation.fused === fusedRelu
  const keeps = activation.fused !== fusedLinear
  /** Branch, shortcut and sum, behind the pool. Both begin with the same tensor. */
  const joined: Block = {
    ...sequential({}),
    outputShape: (input) => branch.outputShape(input),
    kept(input) {
      const [a, b] = [keptBy(branch, input), keptBy(shortcut, input)]
      // A sum by itself keeps what it adds; what an empty shortcut adds is the input. The activation keeps the sum.
      const empty = passes(b)
      const ends =
        Number(!fused || a.output) + Number(!empty && (!fused || b.output)) + Number(!fused && activate && keeps)
      return {
        input: a.input || b.input || (empty && !fused),
        output: fused,
        inside: a.inside + b.inside + ends * sizeOf(branch.outputShape(input)),
      }
    },
  }
  return {
    params: { ...branch.params, ...collectParams({ pool, shortcut }) },
    outputShape,
    macs(input) {
      const pooled = pool.outputShape(input)
      return pool.macs(input) + branch.macs(pooled) + shortcut.macs(pooled)
    },
    kept: (input) => keptInLine([pool, joined], input),
    apply(images, context) {
      const pooled = applyPart('pool', pool, images, context)
      const [a, b] = [applyPart('branch', branch, pooled, context), applyPart('shortcut', shortcut, pooled, context)]
      if (fused) return addRelu(a, b)
      const sum = tf.add(a, b) as tf.Tensor4D
      return activate ? activation.apply(sum) : sum
    },
    dispose: () => disposeParts(parts),
  }
}
