import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { median } from './statistics.ts'

/** Rows, columns and depth of the product. */
export const matmulSize = 1024
const runs = 5

/** Numbers of the copy: far more than a cache holds. */
const copiedNumbers = 2 ** 24

/**
 * What the engine reaches on one large matrix product: the speed that its convolutions are set against.
 * @unit GFLOP/s, the median of a few runs
 */
export async function measureMatmul(): Promise<number> {
  const draw = (key: string) => {
    const stream = createRng(0).at('bench', 'matmul', key)
    const values = Float32Array.from({ length: matmulSize ** 2 }, () => stream.uniform() - 0.5)
    return tf.tensor2d(values, [matmulSize, matmulSize])
  }
  const [a, b] = [draw('a'), draw('b')]
  const times: number[] = []
  for (let run = 0; run <= runs; run++) {
    const start = performance.now()
    // One number is read back, so that an engine that computes later has done so.
    const probe = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]))
    await probe.data()
    const elapsed = performance.now() - start
    probe.dispose()
    if (run > 0) times.push(elapsed)
  }
  tf.dispose([a, b])
  return (2 * matmulSize ** 3) / (median(times) * 1e6)
}

/**
 * How fast the engine moves bytes when it does little else: ReLU of a tensor that no cache holds, read and written.
 * @unit GB/s, the median of a few runs
 */
export async function measureCopy(): Promise<number> {
  const x = tf.fill([copiedNumbers], 0.5)
  const times: number[] = []
  for (let run = 0; run <= runs; run++) {
    const start = performance.now()
    const probe = tf.tidy(() => tf.slice(tf.relu(x), [0], [1]))
    await probe.data()
    const elapsed = performance.now() - start
    probe.dispose()
    if (run > 0) times.push(elapsed)
  }
  x.dispose()
  return (2 * 4 * copiedNumbers) / (median(times) * 1e6)
}
