import { type Block, disposeParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { createConstantParam, createLinearHead, type PlaceContext } from '@tricklab/nn'

/** Values below it count as this much, so that their powers and logarithms exist. */
const least = 1e-6

/**
 * `y = (mean(max(x, 10⁻⁶)^p))^(1/p)` over all positions: the mean at p = 1, the maximum as p grows.
 * @shape images `[N, H, W, C]`, p `[1]` → `[N, 1, 1, C]`
 * @paper arXiv:1711.02512
 */
export function generalizedMean(images: tf.Tensor4D, p: tf.Tensor): tf.Tensor4D {
  const powers = tf.exp(tf.mul(p, tf.log(tf.maximum(images, least))))
  return tf.exp(tf.div(tf.log(tf.mean(powers, [1, 2], true)), p)) as tf.Tensor4D
}

/** The pool and the linear map of `linear-head`; p is learned. */
export function createGemHead({ power }: { readonly power: number }, context: PlaceContext): Block {
  const params = { p: createConstantParam('scale', [1], power) }
  const pool: Block = {
    params,
    outputShape: ([, , channels]) => [1, 1, channels],
    macs: () => 0,
    // What is above the least value, its logarithm, its power, and the exponent.
    kept: ([height, width, channels]) => ({ input: true, output: true, inside: 3 * height * width * channels }),
    apply: (images) => generalizedMean(images, params.p.value),
    dispose: () => disposeParams(params),
  }
  return createLinearHead(context, pool)
}
