import { type Block, type BlockContext, disposeParams, type OptionValues, opt, type Stream } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { activated, createConstantParam, createParam, expectChannels, expectKept, kaimingNormal } from '@tricklab/nn'
import { attentionMacs, attentionMap, selfAttention } from './self-attention.ts'
import { iteratePower, normalizeSpectrum } from './spectral-norm.ts'

export const options = {
  order: opt.choice(['channels', 'positions'], {
    default: 'channels',
    doc: 'Order of the products. `channels` computes (X Xᵀ)(W X), whose cost is linear in the number of positions; `positions` computes X(Xᵀ(W X)), whose cost is quadratic in it.',
  }),
  spectralNorm: opt.boolean({ default: true, doc: 'Whether W is divided by its largest singular value.' }),
  symmetric: opt.boolean({ default: false, doc: 'Whether the mean of W and its transpose replaces W.' }),
}

/** A block that can show where it looks. */
export interface SelfAttentionBlock extends Block {
  /**
   * How much every position of the images takes up of every other, before γ. Nothing is learned from it.
   * @shape `[N, H, W, C]` → `[N, H · W, H · W]`
   */
  attentionMap(images: tf.Tensor4D): tf.Tensor3D
}

/**
 * SimpleSelfAttention: `X + γ · (X Xᵀ)(W X)` with X the pixels of an image as `[C, positions]`. γ starts at 0, so the
 * block is the identity at first and only γ has a gradient.
 *
 * With `spectralNorm` the vectors u and v of the power iteration are buffers; evaluation does not move them.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE when asked to change channels or size
 * @paper none: github.com/sdoria/SimpleSelfAttention; spectral norm: arXiv:1802.05957
 * @differs `symmetric` averages W before its norm is taken, so that the matrix in use has σ = 1; in the source the hook of
 *   the norm seems to undo the averaging
 */
export function createSsa(
  { order, spectralNorm, symmetric }: OptionValues<typeof options>,
  context: BlockContext,
): SelfAttentionBlock {
  expectKept('SSA', context, [1])
  const { inputChannels: channels, init } = context
  const weight = createParam(
    'weight',
    [1, 1, channels, channels],
    kaimingNormal({ slope: 0, fan: 'in' }),
    init.at('weight'),
  )
  // A weight, not a norm: the sources' optimizers decay it.
  const gamma = createConstantParam('weight', [1], 0)
  const vectors = spectralNorm
    ? {
        u: createParam('buffer', [channels], drawDirection, init.at('u')),
        v: createParam('buffer', [channels], drawDirection, init.at('v')),
      }
    : undefined
  const params = { weight, gamma, ...vectors } as Block['params']

  function currentWeight(training: boolean): tf.Tensor2D {
    const raw = tf.reshape(weight.value, [channels, channels]) as tf.Tensor2D
    const matrix = symmetric ? (tf.div(tf.add(raw, tf.transpose(raw)), 2) as tf.Tensor2D) : raw
    if (vectors === undefined) return matrix
    const [u, v] = [vectors.u.value, vectors.v.value] as [tf.Variable<tf.Rank.R1>, tf.Variable<tf.Rank.R1>]
    if (training) {
      // Assigned and read back, the vectors are cut off from W in the gradient tape.
      const next = iteratePower(matrix, { u })
      u.assign(next.u)
      v.assign(next.v)
    }
    return normalizeSpectrum(matrix, { u, v })
  }

  const block: Block = {
    params,
    outputShape(input) {
      expectChannels('SSA', input, channels)
      return input
    },
    macs: ([height, width]) => attentionMacs(channels, height * width, order),
    apply(images, { training }) {
      const [, height, width, depth] = images.shape
      expectChannels('SSA', [height, width, depth], channels)
      return tf.add(images, tf.mul(gamma.value, selfAttention(images, currentWeight(training), order)))
    },
    dispose: () => disposeParams(params),
  }
  return {
    ...activated(block, context),
    attentionMap: (images) => tf.tidy(() => attentionMap(images, currentWeight(false))),
  }
}

/** A random vector of length 1. */
function drawDirection(shape: readonly number[], stream: Stream): Float32Array {
  const values = Float32Array.from({ length: shape[0]! }, () => stream.normal())
  const length = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  return values.map((value) => value / length)
}
