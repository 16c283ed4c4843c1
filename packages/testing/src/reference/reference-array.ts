import type * as tf from '@tricklab/core/tf'

/** Float64 numbers in a shape; the last axis is dense. */
export interface ReferenceArray {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

/** An array of this shape: zeros, or a copy of `values`. */
export function referenceArray(shape: readonly number[], values?: ArrayLike<number>): ReferenceArray {
  const size = shape.reduce((product, length) => product * length, 1)
  if (values === undefined) return { shape, data: new Float64Array(size) }
  if (values.length !== size) throw new RangeError(`${values.length} values do not fill the shape [${shape}]`)
  return { shape, data: Float64Array.from(values) }
}

/** The values of a tensor. */
export async function fromTensor(tensor: tf.Tensor): Promise<ReferenceArray> {
  return referenceArray(tensor.shape, await tensor.data())
}

/** Place of `[n, y, x, c]` in an NHWC array. */
export function offset4([, height, width, channels]: readonly number[], n: number, y: number, x: number, c: number) {
  return ((n * height! + y) * width! + x) * channels! + c
}
