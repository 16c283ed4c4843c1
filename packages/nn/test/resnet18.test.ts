import { countParams, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createCrossEntropy } from '../src/index.ts'
import { chirp, contextOf, createModel, deviation, differentiate, fillParam, readGolden } from './helpers.ts'

interface Description {
  norm: number
  first: number[]
}

interface Golden {
  params: number
  shapes: Record<string, number[]>
  initial: Record<string, { mean: number; deviation: number }>
  evaluated: number[]
  trained: number[]
  loss: number
  gradients: Record<string, Description>
  running: Record<string, Description>
}

const golden = readGolden<Golden>('resnet18')

beforeAll(async () => {
  // TF.js's cpu backend would need minutes for this network.
  await prepareEngine('wasm')
})

test('parameters are those of timm: names, shapes, number, initial distribution', () => {
  const model = createModel('resnet18')
  const params = listParams(model.params)
  expect(countParams(model.params)).toBe(golden.params)
  const shapes = Object.fromEntries(params.map(({ path, value }) => [path, value.shape]))
  expect(shapes).toEqual(golden.shapes)
  for (const { path, value } of params) {
    const { mean, variance } = tf.tidy(() => {
      const moments = tf.moments(value)
      return { mean: moments.mean.dataSync()[0]!, variance: moments.variance.dataSync()[0]! }
    })
    const expected = golden.initial[path]!
    // Two samples of one distribution: five standard errors of the difference, for deviations near and far from 0.
    const slack = (5 * expected.deviation) / Math.sqrt(value.size / 2)
    expect(Math.abs(mean - expected.mean), `${path} mean`).toBeLessThanOrEqual(slack)
    expect(Math.abs(Math.sqrt(variance) - expected.deviation), `${path} deviation`).toBeLessThanOrEqual(slack)
  }
  model.dispose()
})

test('scores, gradients and running statistics are those of timm', () => {
  const model = createModel('resnet18', { imageShape: [64, 64, 1] })
  const order = Object.keys(golden.shapes)
  for (const param of listParams(model.params)) fillParam(param, order.indexOf(param.path))
  const images = chirp<tf.Rank.R4>([3, 64, 64, 1], 0.5)
  const targets = tf.tidy(() => tf.cast(tf.oneHot([1, 4, 7], 10), 'float32')) as tf.Tensor2D

  const evaluated = tf.tidy(() => model.apply(images, contextOf(false)).dataSync())
  expect(deviation(evaluated, golden.evaluated)).toBeLessThan(1e-4)

  let trained: Float32Array | undefined
  const { value, gradients } = differentiate(model.params, () => {
    const scores = model.apply(images, contextOf(true))
    trained = scores.dataSync() as Float32Array
    return createCrossEntropy().apply(scores, targets)
  })
  expect(deviation(trained!, golden.trained)).toBeLessThan(1e-4)
  expect(deviation([value], [golden.loss])).toBeLessThan(1e-5)
  for (const [path, expected] of Object.entries(golden.gradients)) expectLike(path, gradients[path]!, expected)
  for (const { path, value } of listParams(model.params)) {
    const expected = golden.running[path]
    if (expected !== undefined) expectLike(path, value.dataSync(), expected)
  }
  tf.dispose([images, targets])
  model.dispose()
})

/** Norm within 1e-4 of itself; single values within that share of their root mean square. */
function expectLike(path: string, actual: ArrayLike<number>, { norm, first }: Description): void {
  const values = Array.from(actual)
  const actualNorm = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  expect(Math.abs(actualNorm / norm - 1), `${path} norm`).toBeLessThan(1e-4)
  const typical = norm / Math.sqrt(values.length)
  for (const [index, expected] of first.entries()) {
    expect(Math.abs(values[index]! - expected) / typical, `${path}[${index}]`).toBeLessThan(1e-3)
  }
}
