import { type BlockContext, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import { createSgd } from '@tricklab/optim'
import { beforeAll, describe, expect, test } from 'vitest'
import { averagePool2, createBatchNorm, createCrossEntropy, globalAveragePool, maxPool } from '../src/index.ts'
import {
  chirp,
  contextOf,
  createBlock,
  createModel,
  deviation,
  differentiate,
  expectNoLeak,
  fillParam,
  readGolden,
} from './helpers.ts'

interface BlockCase {
  block: string
  context: Omit<BlockContext, 'init'>
  norm: boolean
  params: [string, number[]][]
  y: number[]
  dx: number[]
  gradients: Record<string, number[]>
}

interface StepCase {
  block: string
  widths: number[]
  labels: number[]
  params: [string, number[]][]
  loss: number
  updated: Record<string, number[]>
}

interface Layers {
  pools: { name: 'average' | 'max' | 'global'; shape: number[]; y: number[]; dx: number[] }[]
  running: Record<'mean' | 'variance' | 'trained' | 'evaluated', number[]>
}

const blocks = readGolden<{ cases: BlockCase[] }>('blocks').cases
const steps = readGolden<{ cases: StepCase[] }>('steps').cases
const layers = readGolden<Layers>('layers')

// The composed operations (cpu) and the engine's own kernels (wasm) must both give PyTorch's numbers.
describe.each<EngineName>(['cpu', 'wasm'])('as PyTorch, on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(blocks)('$block $context, norm $norm', ({ block: name, context, norm, params, y, dx, gradients }) => {
    expectNoLeak(() => {
      const block = createBlock(name, { ...context, init: createRng(1) }, { norm })
      const own = listParams(block.params)
      expect(own.map(({ path, value }) => [path, value.shape])).toEqual(expect.arrayContaining(params))
      expect(own.length).toBe(params.length)
      for (const param of own) {
        const phase = params.findIndex(([path]) => path === param.path)
        fillParam(param, phase)
      }
      const x = tf.tidy(() => tf.variable(chirp<tf.Rank.R4>([2, 5, 6, context.inputChannels], 0.5)))
      const compute = () => block.apply(x as tf.Tensor4D, contextOf(true))
      const output = tf.tidy(() => compute().dataSync())
      const shape = tf.tidy(() => compute().shape)
      const result = differentiate({ ...block.params, x: { role: 'weight', value: x } }, () =>
        tf.sum(tf.mul(compute(), chirp(shape, 0.25))),
      )
      expect(deviation(output, y)).toBeLessThan(1e-5)
      expect(deviation(result.gradients.x!, dx)).toBeLessThan(1e-5)
      for (const [path, expected] of Object.entries(gradients)) {
        expect(deviation(result.gradients[path]!, expected), path).toBeLessThan(1e-5)
      }
      tf.dispose([x])
      block.dispose()
    })
  })

  test.each(layers.pools)('$name pool of $shape', ({ name, shape, y, dx }) => {
    const pools = {
      average: averagePool2,
      max: (x: tf.Tensor4D) => maxPool(x, { size: 3, stride: 2, padding: 1 }),
      global: globalAveragePool,
    }
    expectNoLeak(() =>
      tf.tidy(() => {
        const x = chirp<tf.Rank.R4>(shape, 0.5)
        const output = pools[name](x)
        const gradient = tf.grad((input) => pools[name](input as tf.Tensor4D))(x, chirp(output.shape, 0.25))
        expect(deviation(output.dataSync(), y)).toBeLessThan(1e-6)
        expect(deviation(gradient.dataSync(), dx)).toBeLessThan(1e-6)
      }),
    )
  })

  test('batch norm keeps the running statistics of three batches and evaluates with them', () => {
    expectNoLeak(() => {
      const norm = createBatchNorm({ channels: 3 })
      const params = Object.fromEntries(listParams(norm.params).map((param) => [param.path, param.value]))
      tf.tidy(() => {
        params.gamma!.assign(chirp([3], 1, 0.2, 1))
        params.beta!.assign(chirp([3], 2, 0.2))
        const trained = [0, 1, 2].map((step) => norm.apply(chirp([2, 3, 2, 3], step, 2, 1), contextOf(true)))
        expect(deviation(trained[2]!.dataSync(), layers.running.trained)).toBeLessThan(1e-5)
        expect(deviation(params.mean!.dataSync(), layers.running.mean)).toBeLessThan(1e-6)
        expect(deviation(params.variance!.dataSync(), layers.running.variance)).toBeLessThan(1e-6)
        const evaluated = norm.apply(chirp([1, 3, 2, 3], 5), contextOf(false))
        expect(deviation(evaluated.dataSync(), layers.running.evaluated)).toBeLessThan(1e-5)
      })
      norm.dispose()
    })
  })

  test.each(steps)('one training step of DeeperCNN with $block', ({ block, widths, labels, params, loss, updated }) => {
    expectNoLeak(() => {
      const model = createModel('slowai-deeper-cnn', { block, options: { widths }, classes: 3 })
      const own = listParams(model.params)
      expect(own.length).toBe(params.length)
      for (const param of own) {
        const phase = params.findIndex(([path]) => path === param.path)
        fillParam(param, phase)
      }
      const images = chirp<tf.Rank.R4>([labels.length, 28, 28, 1], 0.5)
      const targets = tf.tidy(() => tf.cast(tf.oneHot(labels, 3), 'float32')) as tf.Tensor2D
      const optimizer = createSgd({
        learningRate: 0.1,
        momentum: 0,
        dampening: 0,
        nesterov: false,
        weightDecay: 0,
        decayNormAndBias: true,
      })
      const weights = own.filter(({ role }) => role !== 'buffer')
      const { value, grads } = tf.variableGrads(
        () => createCrossEntropy().apply(model.apply(images, contextOf(true)), targets),
        weights.map((param) => param.value),
      )
      optimizer.step(
        weights,
        weights.map((param) => grads[param.value.name]!),
        { learningRate: 0.1 },
        1,
      )
      expect(deviation([value.dataSync()[0]!], [loss])).toBeLessThan(1e-5)
      for (const { path, value } of own) {
        expect(deviation(value.dataSync(), updated[path]!), path).toBeLessThan(1e-5)
      }
      tf.dispose([images, targets, value, grads])
      optimizer.dispose()
      model.dispose()
    })
  })
})
