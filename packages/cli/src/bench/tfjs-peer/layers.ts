/** Layers as a user of plain TF.js writes them: its operations, its gradients. */
import * as tf from '@tricklab/core/tf'

/** The peer's variables by the names that our model gives them. */
export interface Weights {
  readonly get: (path: string) => tf.Variable
  readonly has: (path: string) => boolean
}

export function conv(
  x: tf.Tensor4D,
  weights: Weights,
  path: string,
  { stride, padding }: { stride: number; padding: number },
): tf.Tensor4D {
  const y = tf.conv2d(x, weights.get(`${path}/weight`) as unknown as tf.Tensor4D, stride, padding)
  return weights.has(`${path}/bias`) ? tf.add(y, weights.get(`${path}/bias`)) : y
}

/** Training batch norm: `tf.moments`, then `tf.batchNorm` with them; running statistics beside it. */
export function batchNorm(x: tf.Tensor4D, weights: Weights, path: string): tf.Tensor4D {
  const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D }
  const beta = weights.get(`${path}/beta`) as unknown as tf.Tensor1D
  const gamma = weights.get(`${path}/gamma`) as unknown as tf.Tensor1D
  const count = x.size / x.shape[3]
  update(weights.get(`${path}/mean`), mean, 1)
  update(weights.get(`${path}/variance`), variance, count / (count - 1))
  return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5)
}

function update(running: tf.Variable, current: tf.Tensor, correction: number): void {
  running.assign(tf.add(tf.mul(running, 0.9), tf.mul(current, 0.1 * correction)))
}

export function generalRelu(x: tf.Tensor4D, { slope, offset }: { slope: number; offset: number }): tf.Tensor4D {
  return tf.sub(tf.leakyRelu(x, slope), offset)
}

/**
 * Mean of 2 × 2 windows, odd sizes rounded up, where a window at the edge is the mean of the pixels that it has.
 *
 * TF.js's `same` does that forward, but its gradient divides every window by 4; so odd sizes take a `valid` pool of
 * zero-padded images instead, put right by a factor at the edges.
 */
export function averagePool2(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape
  if (height % 2 === 0 && width % 2 === 0) return tf.avgPool(x, 2, 2, 'valid')
  const padded = tf.pad(x, [
    [0, 0],
    [0, height % 2],
    [0, width % 2],
    [0, 0],
  ])
  return tf.mul(tf.avgPool(padded, 2, 2, 'valid'), edgeFactors(height, width))
}

/** 1 inside, 2 at an edge of half windows, 4 at the corner of both. */
function edgeFactors(height: number, width: number): tf.Tensor {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)]
  const factor = (index: number, count: number, size: number) => (index === count - 1 && size % 2 === 1 ? 2 : 1)
  const values = Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns)
    return factor(row, rows, height) * factor(index % columns, columns, width)
  })
  return tf.tensor(values, [1, rows, columns, 1])
}
