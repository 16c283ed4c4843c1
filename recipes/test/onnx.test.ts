/** The networks of the tables as ONNX files: the runtime's scores are ours. */
import { createRequire } from 'node:module'
import { createRegistry, createRng, listParams, type Model } from '@tricklab/core'
import { createModel, normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { exportOnnx } from '@tricklab/nn'
import { drawImages } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { tables } from '../src/index.ts'

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

beforeAll(async () => {
  await prepareEngine('wasm')
})

/** One row for each thing that only it has. */
const rows = [
  'imagewoof-efficientnet/b0-equal-epochs',
  'imagewoof-128-5/maxblurpool',
  'imagewoof-128-5/new-resblock',
  'imagewoof-128-5/fastai2-maxpool',
  'imagewoof-128-5/depthwise-x2',
  'imagewoof-128-80/twist',
  'imagewoof-128-80/twist-new',
  'imagewoof-128-80/groups-of-8-layers-4-6-8-10',
  'imagewoof-twist-layer/xse-resnext18-twist',
  'imagewoof-twist-layer/xse-resnext18-twist-everywhere',
]

const size = 64

/** Every kind of block once: drawing the weights of all of them takes longer than running them. */
const short = { layers: [1, 1, 1, 1], widths: [64, 64, 64, 64] }

function build(name: string): Model {
  const [id, row] = name.split('/') as [string, string]
  const table = tables.find((other) => other.id === id)
  if (table?.kind !== 'training') throw new Error(`no table ${id}`)
  const { recipe } = normalizeRow(table, row)
  const shape = { imageShape: [size, size, 3] as const, classes: 10, init: createRng(1).scope('init') }
  const { skeleton, slots } = recipe.model
  const model = { slots, skeleton: { ...skeleton, ...('layers' in skeleton ? short : {}) } }
  return createModel(createRegistry(table.plugins), model, shape)
}

/** As after a training: what starts at 0 or 1 moved away from there, so that nothing hides behind it. */
function unsettle(model: Model): void {
  for (const { path, role, value } of listParams(model.params)) {
    if (role === 'weight' && value.size > 1) continue
    const stream = createRng(3).at(path)
    const [low, high] = path.endsWith('variance') || role === 'norm' ? [0.8, 1.2] : [-0.1, 0.1]
    const values = Float32Array.from({ length: value.size }, () => low + (high - low) * stream.uniform())
    tf.tidy(() => value.assign(tf.tensor(values, value.shape)))
  }
}

describe.skipIf(runtime === undefined)('ONNX files in the runtime', () => {
  test.each(rows)('%s gives the same scores', async (name) => {
    const { InferenceSession, Tensor } = runtime!
    const model = build(name)
    unsettle(model)
    const images = tf.tensor4d(drawImages(5, 2, [size, size, 3]), [2, size, size, 3])
    const own = tf.tidy(() => model.apply(images, { training: false, rng: createRng(1) }).dataSync<'float32'>())
    const file = Buffer.concat(await exportOnnx(model))
    const session = await InferenceSession.create(file, { logSeverityLevel: 3 })
    const channelsFirst = tf.tidy(() => tf.transpose(images, [0, 3, 1, 2]))
    const input = new Tensor('float32', await channelsFirst.data<'float32'>(), channelsFirst.shape)
    const { scores } = await session.run({ images: input })
    tf.dispose([images, channelsFirst])
    model.dispose()

    const found = scores!.data as Float32Array
    expect(found).toHaveLength(own.length)
    const largest = Math.max(...own.map(Math.abs))
    expect(largest).toBeGreaterThan(1e-3)
    const gap = Math.max(...own.map((value, index) => Math.abs(value - found[index]!)))
    expect(gap / largest).toBeLessThan(1e-4)
  })
})
