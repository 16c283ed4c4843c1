/** Runs of a layer on tensors that are drawn anew every time alike. */
import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

/** Runs before the first turn: compilation, first allocations. */
export const warmup = 2

/** What a run took: by the clock, and of all threads together. @unit milliseconds */
export interface Times {
  readonly wall: number
  readonly processor: number
}

/**
 * One run, or the mean of several that follow one another. A number of every last result is read back, so that an engine
 * that computes later has done so.
 */
export async function time(run: () => tf.Tensor[], calls = 1): Promise<Times> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  for (let call = 1; call < calls; call++) tf.dispose(tf.tidy(run))
  const probes = tf.tidy(() => run().map((tensor) => tf.slice(tf.reshape(tensor, [-1]), 0, 1)))
  for (const probe of probes) await probe.data()
  const { user, system } = process.cpuUsage(before)
  const wall = performance.now() - start
  tf.dispose(probes)
  return { wall: wall / calls, processor: (user + system) / 1000 / calls }
}

/** Numbers in ±1/2. */
export function draw(key: string, shape: readonly number[]): tf.Tensor {
  const stream = createRng(0).at('bench', 'layer', key)
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => stream.uniform() - 0.5)
  return tf.tensor(values, [...shape])
}
