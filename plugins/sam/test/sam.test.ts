import { readFileSync } from 'node:fs'
import { createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { optim } from '@tricklab/optim'
import { describeOnEngines } from '@tricklab/testing'
import { expect, test } from 'vitest'
import sam from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/sam.json', import.meta.url), 'utf8')) as {
  steps: number
  rate: number
  cases: { options: object; w: number[]; b: number[] }[]
}

const registry = createRegistry([optim, sam])

function normalize(options: object) {
  return registry.normalize('optimizer', { use: 'sam', ...options }, 'test')
}

// As in golden/make_sam.py.
const chirp = (shape: number[], phase: number) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(0.7 * i * i + phase)),
    shape,
  )

describeOnEngines('steps with gradients from uphill', () => {
  test.each(golden.cases)('$options are as in PyTorch', async ({ options, w, b }) => {
    const before = tf.memory().numTensors
    const [matrix, weight, bias] = [chirp([8, 5], 2), chirp([5, 1], 0), chirp([1], 1)] as const
    const params: NamedParam[] = [
      { path: 'w', role: 'weight', value: tf.variable(weight) },
      { path: 'b', role: 'bias', value: tf.variable(bias) },
    ]
    const [x, y] = params.map(({ value }) => value as tf.Tensor) as [tf.Tensor2D, tf.Tensor]
    const slope = () =>
      tf.tidy(() => {
        const loss = () => tf.mean(tf.cos(tf.add(tf.matMul(matrix as tf.Tensor2D, x), y))) as tf.Scalar
        const { value, grads } = tf.variableGrads(loss)
        return { loss: value, gradients: params.map((param) => grads[param.value.name]!) }
      })
    const optimizer = registry.create('optimizer', normalize(options).use, {})
    for (let step = 1; step <= golden.steps; step++) {
      const first = slope()
      await optimizer.step(params, first.gradients, { learningRate: golden.rate }, step, async () => slope())
      tf.dispose([first.loss, ...first.gradients])
    }
    for (const [param, values] of [
      [x, w],
      [y, b],
    ] as const) {
      for (const [i, value] of Array.from(param.dataSync()).entries()) {
        expect(Math.abs(value - values[i]!)).toBeLessThan(1e-5)
      }
    }
    optimizer.dispose()
    tf.dispose([matrix, weight, bias, x, y])
    expect(tf.memory().numTensors).toBe(before)
  })
})

test('the inner optimizer is named in the recipe, with its defaults, and checked as one of its own', () => {
  const inner = registry.normalize('optimizer', 'sgd', 'test').use
  expect(normalize({ inner: 'sgd' })).toEqual({ use: { use: 'sam', rho: 0.05, adaptive: false, inner }, problems: [] })
  const { problems } = normalize({ inner: { use: 'sgd', momentun: 0.9 } })
  expect(problems).toMatchObject([
    {
      code: 'E_OPTION_UNKNOWN',
      what: expect.stringContaining('option "inner" (optimizer "sgd") has no option "momentun"'),
    },
  ])
  expect(normalize({ inner: 'sdg' }).problems).toMatchObject([{ code: 'E_COMPONENT_UNKNOWN' }])
  expect(normalize({}).problems).toMatchObject([{ code: 'E_OPTION_TYPE' }])
})
