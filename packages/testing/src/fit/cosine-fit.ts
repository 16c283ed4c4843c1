import type { NamedParam, Optimizer } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'

const [rows, inputs, outputs] = [8, 5, 3] as const

/** `sin(0.7 i² + phase)`, values without a pattern that any language computes alike. */
export function chirp(shape: readonly number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))
  return tf.tensor(values, [...shape])
}

/** The weights that an optimizer arrives at, row by row. */
export interface CosineFit {
  readonly w: readonly number[]
  readonly b: readonly number[]
}

/**
 * Follows an optimizer on the loss `mean(cos(A W + b))`, whose gradients depend on the weights, as
 * `golden/cosine_fit.py` follows one of PyTorch. The optimizer is disposed of.
 * @shape A `[8, 5]`, W `[5, 3]`, b `[3]`
 */
export async function fitCosine(
  optimizer: Optimizer,
  { steps, learningRate }: { readonly steps: number; readonly learningRate: number },
): Promise<CosineFit> {
  const [matrix, weight, bias] = [chirp([rows, inputs], 2), chirp([inputs, outputs], 0), chirp([outputs], 1)]
  const params: readonly [NamedParam, NamedParam] = [
    { path: 'layer/weight', role: 'weight', value: tf.variable(weight) },
    { path: 'layer/bias', role: 'bias', value: tf.variable(bias) },
  ]
  const slope = () =>
    tf.tidy(() => {
      const [w, b] = params.map(({ value }) => value as tf.Tensor) as [tf.Tensor2D, tf.Tensor1D]
      const loss = () => tf.mean(tf.cos(tf.add(tf.matMul(matrix as tf.Tensor2D, w), b))) as tf.Scalar
      const { value, grads } = tf.variableGrads(loss)
      return { loss: value, gradients: params.map((param) => grads[param.value.name]!) }
    })
  for (let step = 1; step <= steps; step++) {
    const { loss, gradients } = slope()
    await optimizer.step(params, gradients, { learningRate }, step, async () => slope())
    tf.dispose([loss, ...gradients])
  }
  const [w, b] = params.map(({ value }) => Array.from(value.dataSync())) as [number[], number[]]
  optimizer.dispose()
  tf.dispose([matrix, weight, bias, ...params.map(({ value }) => value)])
  return { w, b }
}
