import * as tf from '@tricklab/core/tf'

/**
 * Group norm: channels fall into `groups` of neighbours, each normalized over its channels and all positions of an image, then
 * `· gamma + beta` a channel. One group is layer norm over the whole image, as many groups as channels instance norm.
 *
 * Statistics are taken over positions first and then over the channels of a group, so that nothing large is turned around.
 * @shape x `[N, …, C]`, gamma and beta `[C]` → x's
 * @paper arXiv:1803.08494
 * @differs none
 */
export function groupNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { groups, epsilon = 1e-5 }: { readonly groups: number; readonly epsilon?: number },
): T {
  const [channels, positions] = [x.shape.at(-1)!, x.shape.slice(1, -1).map((_, axis) => axis + 1)]
  const width = channels / groups
  const flat = [-1, ...positions.map(() => 1), channels]
  /** The mean of every group, at each of its channels. */
  const meanOverGroups = (values: tf.Tensor): tf.Tensor => {
    const means = positions.length === 0 ? values : tf.mean(values, positions, true)
    const grouped = tf.mean(tf.reshape(means, [-1, groups, width]), 2, true)
    return tf.reshape(tf.mul(grouped, tf.ones([1, 1, width])), flat)
  }
  const centered = tf.sub(x, meanOverGroups(x))
  const inverse = tf.rsqrt(tf.add(meanOverGroups(tf.square(centered)), epsilon))
  return tf.add(tf.mul(centered, tf.mul(inverse, gamma)), beta)
}
