import { prepareEngine } from '@tricklab/engine'
import { beforeEach, expect, test } from 'vitest'
import { composedFused, defineFused, defineFusedActivation } from './fused.ts'
import * as tf from './tf.ts'

type One = { x: tf.Tensor }

beforeEach(async () => {
  await prepareEngine('cpu')
})

const firstOf = ([y]: [tf.Tensor]) => y.dataSync()[0]

test('the composed version runs where the engine has no kernel, and leaves no tensor', () => {
  const before = tf.memory().numTensors
  const lifted = defineFused<{ a: tf.Tensor; b: tf.Tensor }, { by: number }>('TestLifted', {
    composed: ({ a, b }, { by }) => [tf.relu(tf.add(tf.add(a, b), by))],
  })
  const [a, b] = [tf.tensor1d([1, -3]), tf.tensor1d([1, 1])]
  for (const by of [0, 1]) {
    const outputs = lifted.run({ a, b }, { by })
    expect(outputs).toHaveLength(1)
    expect([...outputs[0].dataSync()]).toEqual([2 + by, 0])
    tf.dispose(outputs)
  }
  tf.dispose([a, b])
  expect(tf.memory().numTensors).toBe(before)
  expect(composedFused('TestLifted')).toBe(lifted.composed)
  expect(composedFused('TestUnheardOf')).toBeUndefined()
})

test('a composed kernel gives one output alone, as an engine does: the gradient of plain relu may run it by its name', () => {
  const reluGrad = defineFused<{ dy: tf.Tensor; y: tf.Tensor }>('ReluGrad', {
    composed: ({ dy, y }) => [tf.mul(dy, tf.step(y))],
  })
  const x = tf.tensor1d([-1, 2])
  tf.dispose(reluGrad.run({ dy: x, y: x }, {}))
  const slopes = tf.grad((value) => tf.sum(tf.relu(value)))(x)
  expect([...slopes.dataSync()]).toEqual([0, 1])
  tf.dispose([x, slopes])
})

test('a kernel of the owner runs on the backend that it is for', async () => {
  const calls: string[] = []
  const tripled = defineFused<One>('TestTripled', {
    composed: ({ x }) => [tf.mul(x, 3)],
    kernels: {
      wasm: ({ inputs, backend }) => {
        calls.push(tf.getBackend())
        return tf.getKernel('Sum', 'wasm').kernelFunc({ inputs: inputs as never, attrs: { axis: 0 } as never, backend })
      },
    },
  })
  expect(tf.tidy(() => firstOf(tripled.run({ x: tf.tensor1d([2, 4]) }, {})))).toBe(6)
  await prepareEngine('wasm')
  expect(tf.tidy(() => firstOf(tripled.run({ x: tf.tensor1d([2, 4]) }, {})))).toBe(6)
  expect(tf.tidy(() => firstOf(tripled.run({ x: tf.tensor1d([2, 5]) }, {})))).toBe(7)
  expect(calls).toEqual(['wasm', 'wasm'])
  // An engine that borrows the kernels of another borrows the composed one with them.
  tf.copyRegisteredKernels('cpu', 'test-borrower')
  const borrowed = tf.getKernel('TestTripled', 'test-borrower')
  expect(borrowed.kernelFunc).toBe(tf.getKernel('TestTripled', 'cpu').kernelFunc)
})

test('a kernel of the owner is refused where the engine has one of this name', () => {
  const backendName = 'cpu'
  tf.registerKernel({ kernelName: 'TestTaken', backendName, kernelFunc: ({ inputs }) => inputs.x as tf.TensorInfo })
  const kernelFunc: tf.KernelFunc = ({ inputs }) => inputs.x as tf.TensorInfo
  const taken = defineFused<One>('TestTaken', { composed: ({ x }) => [tf.neg(x)], kernels: { cpu: kernelFunc } })
  expect(() => tf.tidy(() => taken.run({ x: tf.scalar(1) }, {}))).toThrow('of the backend cpu itself')
})

test('a second definition is refused, unless it is the same', () => {
  const define = (scale: 2 | 3) =>
    defineFused<One>('TestScaled', { composed: scale === 2 ? ({ x }) => [tf.mul(x, 2)] : ({ x }) => [tf.mul(x, 3)] })
  const first = define(2)
  expect(define(2)).toBe(first)
  expect(() => define(3)).toThrow('E_PLUGIN_CLASH')
  const other = { composed: first.composed, gradient: { gradFunc: () => ({}) } }
  expect(() => defineFused<One>('TestScaled', other)).toThrow('E_PLUGIN_CLASH')
  expect(() => defineFused<One>('Conv2D', { composed: ({ x }) => [x] })).toThrow('TensorFlow.js has a kernel')
})

test('a second activation of a name is refused, unless it is the same', () => {
  const define = (apply: (x: tf.Tensor) => tf.Tensor) =>
    defineFusedActivation({ name: 'test-wave', apply, gradient: (dy, x) => tf.mul(dy, tf.cos(x)) })
  const first = define((x) => tf.sin(x))
  expect(define((x) => tf.sin(x))).toBe(first)
  expect(() => define((x) => tf.cos(x))).toThrow('E_PLUGIN_CLASH')
})

test('a gradient is made known when its operation first runs, not when it is declared', () => {
  const slow = defineFused<One>('TestSlow', {
    composed: ({ x }) => [tf.mul(x, 3)],
    gradient: { inputsToSave: [], gradFunc: (dy) => ({ x: () => tf.mul(dy as tf.Tensor, 3) }) },
  })
  expect(tf.getGradient('TestSlow')).toBeUndefined()
  const slope = tf.tidy(
    () =>
      tf
        .grad((x) => slow.run({ x }, {})[0])(tf.scalar(1))
        .dataSync()[0],
  )
  expect(slope).toBe(3)
  expect(tf.getGradient('TestSlow')).toBeDefined()
})
