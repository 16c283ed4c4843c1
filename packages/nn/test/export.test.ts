import { createRequire } from 'node:module'
import { loadGraphModel } from '@tensorflow/tfjs-converter'
import { type Block, createRng, listParams, type Model, type Shape, TricklabError } from '@tricklab/core'
import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  averagePool2,
  createLayeredModel,
  exportOnnx,
  exportTfjs,
  gelu,
  groupedConv2d,
  groupNorm,
  hardSigmoid,
  hardSwish,
  layerNorm,
  leakyReluOffset,
  maxPool,
  relu,
  swish,
} from '../src/index.ts'
import { chirp, contextOf, createModel, deviation } from './helpers.ts'

type Runtime = typeof import('onnxruntime-node')

/** Its binary does not exist for every platform. */
function loadRuntime(): Runtime | undefined {
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as Runtime
  } catch (error) {
    console.warn(`ONNX files are not run: ${(error as Error).message}`)
    return undefined
  }
}

const runtime = loadRuntime()

interface Result {
  readonly values: Float32Array
  readonly shape: readonly number[]
}

async function runOnnx(model: Model, images: tf.Tensor4D): Promise<Result> {
  const { InferenceSession, Tensor } = runtime!
  const file = Buffer.concat(await exportOnnx(model))
  const session = await InferenceSession.create(file, { logSeverityLevel: 3 })
  const first = tf.tidy(() => tf.transpose(images, [0, 3, 1, 2]))
  const { scores } = await session.run({ images: new Tensor('float32', await first.data<'float32'>(), first.shape) })
  first.dispose()
  return { values: scores!.data as Float32Array, shape: scores!.dims }
}

async function runTfjs(model: Model, images: tf.Tensor4D): Promise<Result> {
  const { json, weights } = await exportTfjs(model)
  const { modelTopology, weightsManifest, format, signature } = JSON.parse(json)
  const weightData = new Uint8Array(Buffer.concat(weights)).buffer
  const artifacts = { modelTopology, weightSpecs: weightsManifest[0].weights, weightData, format, signature }
  const graph = await loadGraphModel({ load: async () => artifacts })
  const scores = graph.predict({ images }) as tf.Tensor
  const result = { values: (await scores.data()) as Float32Array, shape: scores.shape }
  scores.dispose()
  graph.dispose()
  return result
}

const formats = [
  ['onnx', runOnnx],
  ['tfjs', runTfjs],
] as const

/** Scores of a model and of its exported form; the batch is another than those that it was written down with. */
async function compare(model: Model, run: (typeof formats)[number][1], batch = 4): Promise<[Float32Array, Result]> {
  const images = chirp<tf.Rank.R4>([batch, ...model.inputShape], 0.5)
  const own = tf.tidy(() => model.apply(images, contextOf(false)).dataSync<'float32'>())
  const before = tf.memory().numTensors
  const result = await run(model, images)
  // Whoever writes a model down keeps none of what it saw.
  expect(tf.memory().numTensors).toBe(before)
  images.dispose()
  return [own, result]
}

/** As after a training: norms and their statistics away from where they start. */
function unsettle(model: Model): Model {
  for (const { path, role, value } of listParams(model.params)) {
    if (role !== 'norm' && role !== 'buffer') continue
    const stream = createRng(3).at(path)
    const [low, high] = path.endsWith('variance') ? [0.5, 1.5] : role === 'norm' ? [0.8, 1.2] : [-0.2, 0.2]
    const values = Float32Array.from({ length: value.size }, () => low + (high - low) * stream.uniform())
    tf.tidy(() => value.assign(tf.tensor(values, value.shape)))
  }
  return model
}

const narrow = { layers: [1, 2, 1], widths: [8, 12, 16], stemWidths: [4, 4, 8] }

const models: Record<string, () => Model> = {
  'slowai conv': () => createModel('slowai-deeper-cnn', { options: { widths: [4, 4, 8, 8, 8] } }),
  'slowai residual': () =>
    createModel('slowai-deeper-cnn', { block: 'residual-conv', options: { widths: [4, 4, 8, 8, 8] } }),
  // An odd size makes the pools of the shortcuts stick out.
  xresnet18: () => createModel('xresnet18', { imageShape: [44, 36, 3], options: narrow }),
  xresnet50: () =>
    createModel('xresnet50', {
      imageShape: [32, 32, 3],
      options: narrow,
      slots: { act: 'swish', pool: 'average-pool' },
    }),
  'xresnet18 with group norm': () =>
    createModel('xresnet18', {
      imageShape: [32, 32, 3],
      options: narrow,
      slots: { act: 'hard-swish', norm: { use: 'group-norm', groups: 2 } },
    }),
  'xresnet50 with layer norm': () =>
    createModel('xresnet50', { imageShape: [32, 32, 3], options: narrow, slots: { act: 'gelu', norm: 'layer-norm' } }),
  'xresnet18 with leaky ReLU': () =>
    createModel('xresnet18', { imageShape: [32, 32, 3], options: narrow, slots: { act: 'leaky-relu' } }),
}

type Apply = (x: tf.Tensor4D) => tf.Tensor

/** A model of one layer, which is what is tested, and of a mean that makes scores of any image. */
function single(apply: Apply, shape: Shape = [6, 5, 4]): Model {
  const block: Block = {
    params: {},
    outputShape: (input) => input,
    macs: () => 0,
    apply: (images) => apply(images) as tf.Tensor4D,
    dispose() {},
  }
  const model = createLayeredModel(
    [{ name: 'odd', type: 'test', block: { ...block, outputShape: () => [1, 1, 4] } }],
    shape,
    4,
  )
  const finish: Block = { ...block, outputShape: () => [1, 1, 4], apply: (x) => tf.mean(x, [1, 2], true) }
  return {
    ...model,
    layers: [...model.layers, { name: 'finish', type: 'test', block: finish }],
    apply: (images, context) => tf.reshape(finish.apply(block.apply(images, context), context), [images.shape[0], 4]),
  }
}

const filterOf = (shape: number[]) => chirp(shape, 0.2)

/** Every kernel that has a way into a format, by what makes TF.js run it. */
/** As its plugin declares it: both formats know it by name. */
const mish = defineFused<{ x: tf.Tensor }>('Mish', {
  composed: ({ x }) => [tf.mul(x, tf.tanh(tf.softplus(x)))],
})

const kernels: Record<string, Apply> = {
  'a sum with a number': (x) => tf.add(x, 0.5),
  'a sum along channels': (x) => tf.add(x, filterOf([4])),
  'a product with rows and channels': (x) => tf.mul(x, filterOf([5, 4])),
  'a product with columns': (x) => tf.mul(filterOf([6, 1, 1]), x),
  'a difference of values of two kinds': (x) =>
    tf.sub(tf.conv2d(x, filterOf([1, 1, 4, 4]) as tf.Tensor4D, 1, 'same'), x),
  'a quotient': (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  'the larger and the smaller': (x) => tf.minimum(tf.maximum(x, -0.5), filterOf([4])),
  'relu and swish': (x) => swish(relu(x)),
  mish: (x) => mish.run({ x }, {})[0] as tf.Tensor4D,
  'gelu in both forms': (x) => tf.sub(gelu(x), gelu(tf.mul(x, 2), 'tanh')),
  'hard swish and hard sigmoid': (x) => tf.add(hardSwish(tf.mul(x, 4)), hardSigmoid(x)),
  'layer norm after a convolution': (x) =>
    layerNorm(tf.conv2d(x, filterOf([1, 1, 4, 4]) as tf.Tensor4D, 1, 'same'), filterOf([4]), filterOf([4])),
  'layer norm of a list of positions': (x) =>
    tf.reshape(layerNorm(tf.reshape(x, [-1, 30, 4]), filterOf([4]), filterOf([4])), [-1, 6, 5, 4]),
  'group norm after a convolution': (x) =>
    groupNorm(tf.conv2d(x, filterOf([1, 1, 4, 4]) as tf.Tensor4D, 1, 'same'), filterOf([4]), filterOf([4]), {
      groups: 2,
    }),
  'leaky relu': (x) => leakyReluOffset(x, { alpha: 0.1, offset: 0.3 }),
  'exp, log, sqrt, neg, tanh': (x) => tf.tanh(tf.neg(tf.log(tf.sqrt(tf.exp(x))))),
  'softplus and its inverse': (x) => tf.reciprocal(tf.softplus(x)),
  'an uneven convolution': (x) =>
    tf.conv2d(
      x,
      filterOf([3, 2, 4, 4]) as tf.Tensor4D,
      [2, 1],
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
    ),
  'a depthwise convolution, two filters a channel': (x) =>
    tf.depthwiseConv2d(tf.slice(x, [0, 0, 0, 1], [-1, -1, -1, 2]), filterOf([3, 3, 2, 2]) as tf.Tensor4D, 2, 'same'),
  'a convolution in moved groups': (x) =>
    groupedConv2d(x, filterOf([3, 3, 2, 4]) as tf.Tensor4D, { groups: 2, sources: [1, 0], stride: 1, padding: 1 }),
  'a max pool with a border': (x) => maxPool(x, { size: 3, stride: 2, padding: 1 }),
  'an average pool that sticks out': (x) => averagePool2(x as tf.Tensor4D),
  'sums and extremes over positions': (x) =>
    tf.add(tf.sum(x, [1, 2], true), tf.sub(tf.max(x, [1, 2], true), tf.min(x, [2, 1], true))),
  'a mean over channels, dropped and put back': (x) => tf.mul(x, tf.reshape(tf.mean(x, 3), [-1, 6, 5, 1])),
  'a product of matrices on the left': (x) =>
    tf.reshape(tf.matMul(filterOf([1, 3, 6]), tf.reshape(x, [-1, 6, 20])), [-1, 3, 5, 4]),
  'a product of turned matrices': (x) =>
    tf.reshape(tf.matMul(tf.reshape(x, [-1, 30, 4]), filterOf([1, 4, 4]), false, true), [-1, 6, 5, 4]),
  'axes in another order': (x) => tf.transpose(tf.transpose(x, [0, 2, 1, 3]), [0, 2, 1, 3]),
  'channels that part and meet': (x) => {
    const [a, b, c] = tf.split(x, [1, 2, 1], 3) as [tf.Tensor, tf.Tensor, tf.Tensor]
    return tf.concat([c, a, b], 3)
  },
  'columns that part and meet after a convolution': (x) => {
    const [a, b] = tf.split(tf.conv2d(x, filterOf([2, 2, 4, 4]) as tf.Tensor4D, 1, 'valid'), 2, 2) as [
      tf.Tensor,
      tf.Tensor,
    ]
    return tf.concat([b, a], 2)
  },
  'a region': (x) => tf.slice(x, [0, 1, 2, 0], [-1, 4, 2, 4]),
}

beforeAll(() => prepareEngine('cpu').then(() => undefined))

describe.each(formats)('%s', (format, run) => {
  const runnable = format === 'tfjs' || runtime !== undefined

  test.skipIf(!runnable).each(Object.keys(models))('%s scores the same, whatever the batch', async (name) => {
    const model = unsettle(models[name]!())
    for (const batch of [1, 4]) {
      const [own, { values, shape }] = await compare(model, run, batch)
      expect(shape).toEqual([batch, model.classes])
      expect(deviation(values, own)).toBeLessThan(1e-4)
    }
    model.dispose()
  })

  test.skipIf(!runnable).each(Object.keys(kernels))('%s', async (name) => {
    const [own, { values }] = await compare(
      single((x) => tf.tidy(() => kernels[name]!(x))),
      run,
    )
    expect(deviation(values, own)).toBeLessThan(1e-5)
  })
})

describe('what cannot be written', () => {
  const refusals: [string, Apply, RegExp][] = [
    ['a kernel without a word', (x) => tf.cumsum(x, 1), /The layer "odd" cannot be written as .*kernel Cumsum/],
    [
      'another type',
      (x) => tf.cast(tf.cast(x, 'int32'), 'float32'),
      /The layer "odd" cannot be written as .*type of numbers/,
    ],
    [
      'a filter made of images',
      (x) => tf.add(x, tf.conv2d(x, tf.reshape(tf.mean(x, [0, 1]), [1, 5, 4, 1]) as tf.Tensor4D, 1, 'same')),
      /whose filter is computed/,
    ],
    [
      'a constant as long as the batch',
      (x) => tf.mul(x, tf.ones([x.shape[0], 1, 1, 1])),
      /"odd" cannot be exported: it makes a tensor/,
    ],
    ['values read back', (x) => tf.mul(x, tf.scalar(x.dataSync()[0]!)), /"odd" cannot be exported: it reads values/],
    [
      'every image with every other',
      (x) => {
        const rows = tf.reshape(x, [-1, 120])
        return tf.add(x, tf.mean(tf.matMul(rows, rows, false, true)))
      },
      /"odd" cannot be exported: it mixes the images of a batch/,
    ],
  ]
  test.each(refusals)('%s', async (_what, apply, message) => {
    for (const write of [exportOnnx, exportTfjs]) {
      try {
        await write(single(apply))
        expect.unreachable()
      } catch (error) {
        if (!(error instanceof TricklabError)) throw error
        expect(error.problems[0]).toMatchObject({ code: 'E_EXPORT' })
        expect(error.problems[0]!.what).toMatch(message)
      }
    }
  })
})

test('a file says what it was told of the network', async () => {
  const model = models['slowai conv']!()
  const metadata = { classes: '["coat","boot"]' }
  expect(Buffer.concat(await exportOnnx(model, metadata)).includes('["coat","boot"]')).toBe(true)
  expect(JSON.parse((await exportTfjs(model, metadata)).json).userDefinedMetadata).toEqual(metadata)
  model.dispose()
})
