import type { Stream } from '@tricklab/core'

/** Fills a weight: convolutions are `[kh, kw, in, out]`, linear maps `[in, out]`. */
export type Initializer = (shape: readonly number[], stream: Stream) => Float32Array

/**
 * Normal with deviation `gain / √fan`, `gain = √(2 / (1 + slope²))`: keeps the variance through a leaky ReLU of this
 * slope (0: ReLU). Fan `in` keeps that of the activations, `out` that of the gradients.
 * @paper arXiv:1502.01852
 */
export function kaimingNormal({ slope, fan }: { slope: number; fan: 'in' | 'out' }): Initializer {
  return (shape, stream) => {
    return normal(Math.sqrt(2 / (1 + slope ** 2) / fans(shape)[fan]))(shape, stream)
  }
}

/** Normal with this deviation, whatever the shape. */
export function normal(deviation: number): Initializer {
  return (shape, stream) => fill(shape, () => deviation * stream.normal())
}

/**
 * Uniform in ±1/√fanIn: what PyTorch gives convolutions and linear maps (kaiming-uniform with slope √5).
 * @paper arXiv:1502.01852
 */
export const torchWeight: Initializer = (shape, stream) => uniform(shape, stream, fans(shape).in)

/** PyTorch's bias beside a weight of this shape: uniform in ±1/√fanIn of the weight. */
export function torchBias(weightShape: readonly number[]): Initializer {
  return (shape, stream) => uniform(shape, stream, fans(weightShape).in)
}

/** Nothing but zeros: fastai's biases. */
export const zeros: Initializer = (shape) => fill(shape, () => 0)

function uniform(shape: readonly number[], stream: Stream, fanIn: number): Float32Array {
  const bound = 1 / Math.sqrt(fanIn)
  return fill(shape, () => bound * (2 * stream.uniform() - 1))
}

function fans(shape: readonly number[]): { in: number; out: number } {
  const [inputs, outputs] = shape.slice(-2) as [number, number]
  const window = count(shape.slice(0, -2))
  return { in: window * inputs, out: window * outputs }
}

function fill(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(count(shape))
  for (let index = 0; index < values.length; index++) values[index] = draw()
  return values
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
