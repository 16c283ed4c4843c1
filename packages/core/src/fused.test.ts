import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { composedFused, defineFused, defineFusedGradient, dropoutHash, runFused } from './fused.ts'
import * as tf from './tf.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('a kernel that no package defines is named', () => {
  expect(() => composedFused('SgdUpdate')).toThrow('no composed version of SgdUpdate')
})

test('the composed version runs where the engine has none, and leaves no tensor', () => {
  const before = tf.memory().numTensors
  defineFused('AddRelu', ({ a, b }) => [tf.relu(tf.add(a, b))])
  const [a, b] = [tf.tensor1d([1, -3]), tf.tensor1d([1, 1])]
  for (const _ of [1, 2]) {
    const outputs = runFused('AddRelu', { a, b }, {})
    expect(outputs).toHaveLength(1)
    expect([...outputs[0].dataSync()]).toEqual([2, 0])
    tf.dispose(outputs)
  }
  tf.dispose([a, b])
  expect(tf.memory().numTensors).toBe(before)
})

test('golden numbers of the dropout hash: every engine must draw these', () => {
  expect([dropoutHash(0, 0), dropoutHash(1, 0), dropoutHash(0, 1), dropoutHash(0xffffffff, 123_456)]).toEqual([
    0, 2988215890, 1492470133, 4091796175,
  ])
})

test('the dropout hash is even, and neighbouring keys are unrelated', () => {
  const count = 20_000
  const share = (of: (index: number) => boolean) =>
    Array.from({ length: count }, (_, i) => of(i)).filter(Boolean).length / count
  const half = 2 ** 31
  // Five standard errors of a fair coin.
  const error = 5 * Math.sqrt(0.25 / count)
  for (const key of [0, 1, 2, 12_345]) {
    expect(Math.abs(share((i) => dropoutHash(key, i) < half) - 0.5)).toBeLessThan(error)
    expect(Math.abs(share((i) => dropoutHash(key, i) < half === dropoutHash(key + 1, i) < half) - 0.5)).toBeLessThan(
      error,
    )
    expect(Math.abs(share((i) => dropoutHash(key, i) < half === dropoutHash(key, i + 1) < half) - 0.5)).toBeLessThan(
      error,
    )
  }
})

test('a second definition of a kernel is refused, unless it is the same', () => {
  const define = () => defineFused('Swish', ({ x }) => [tf.mul(x, tf.sigmoid(x))])
  define()
  expect(define).not.toThrow()
  expect(() => defineFused('Swish', ({ x }) => [tf.clone(x)])).toThrow('E_PLUGIN_CLASH')
})

test('a gradient is made known when its kernel first runs, not when it is declared', () => {
  defineFused('Mish', ({ x }) => [tf.mul(x, 3)])
  defineFusedGradient('Mish', { inputsToSave: [], gradFunc: (dy) => ({ x: () => tf.mul(dy as tf.Tensor, 3) }) })
  expect(tf.getGradient('Mish')).toBeUndefined()
  const slope = tf.tidy(
    () =>
      tf
        .grad((x) => runFused('Mish', { x }, {})[0])(tf.scalar(1))
        .dataSync()[0],
  )
  expect(slope).toBe(3)
  expect(tf.getGradient('Mish')).toBeDefined()
  const other = { gradFunc: () => ({}) }
  expect(() => defineFusedGradient('Mish', other)).toThrow('E_PLUGIN_CLASH')
})
