import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { countParams, createRegistry, createRng, definePlugin, listParams, type Model } from '@tricklab/core'
import { decodeSafetensors, storeTensors } from '@tricklab/core/checkpoint'
import type { Problem } from '@tricklab/core/errors'
import { trainable } from '@tricklab/core/params'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { costOf, exportOnnx, exportTfjs, fromPublished, nn, toPublished } from '@tricklab/nn'
import { describeOnEngines, savedForBackward } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'
import { variants } from '../src/convnext.ts'
import convnext from '../src/index.ts'

const place = (name: string) => new URL(`./golden/${name}`, import.meta.url)
const golden = JSON.parse(readFileSync(place('convnext.json'), 'utf8')) as {
  classes: number
  size: number
  depths: number[]
  widths: number[]
  scores: number[]
  gradients: Record<string, number>
  params: Record<keyof typeof variants, [thousand: number, ten: number]>
  dropPath: number[]
}
/** A block for the slot `attention` that lets nothing through in training, as stochastic depth of rate 1 would. */
const shut = definePlugin({
  name: 'shut',
  core: '*',
  register: (on) =>
    on.block('shut', {
      doc: '',
      options: {},
      create: () => ({
        params: {},
        outputShape: (input) => input,
        macs: () => 0,
        apply: (images, { training }) => (training ? tf.zerosLike(images) : images),
        dispose() {},
      }),
    }),
})
const registry = createRegistry([nn, convnext, shut])
const nameOf = registry.component('model', 'convnext-atto').publishedName!
const published = () => decodeSafetensors(readFileSync(place('convnext.safetensors')), 'fixture').tensors

function create(options: object = {}, size = golden.size, classes = golden.classes): Model {
  const problems: Problem[] = []
  const { depths, widths } = golden
  const normal = normalizeModel({ use: 'convnext-atto', depths, widths, ...options }, registry, 'test', problems)
  expect(problems).toEqual([])
  return createModel(registry, normal, { imageShape: [size, size, 3], classes, init: createRng(1) })
}

/** A model with timm's weights. */
function restore(options: object = {}): Model {
  const model = create(options)
  const own = fromPublished(model.params, published(), nameOf, 'fixture')
  for (const { path, value } of listParams(model.params)) {
    tf.tidy(() => value.assign(tf.tensor(own[path]!.data, [...own[path]!.shape])))
  }
  return model
}

const chirp = (shape: number[], phase: number) => {
  const size = shape.reduce((a, b) => a * b)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase)),
    shape,
  )
}
const images = () => chirp([2, golden.size, golden.size, 3], 0.5) as tf.Tensor4D

describeOnEngines('ConvNeXt', () => {
  test("timm's weights give timm's scores and gradients, and go back as they came", async () => {
    const model = restore()
    const weights = trainable(listParams(model.params))
    tf.tidy(() => {
      const compute = () => model.apply(images(), { training: true, rng: createRng(0) })
      expect(compute().dataSync()).toBeAllClose(golden.scores, { rtol: 1e-4, atol: 1e-5 })
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(compute(), chirp([2, golden.classes], 0.25))),
        weights.map(({ value }) => value),
      )
      expect(weights.map(({ path }) => nameOf(path)!).toSorted()).toEqual(Object.keys(golden.gradients).toSorted())
      for (const { path, value } of weights) {
        const norm = Math.hypot(...(grads[value.name]!.dataSync() as Float32Array))
        const theirs = golden.gradients[nameOf(path)!]!
        expect(Math.abs(norm - theirs), path).toBeLessThan(1e-3 * theirs + 1e-5)
      }
    })
    const values = await storeTensors(Object.fromEntries(listParams(model.params).map((p) => [p.path, p.value])))
    expect({ ...toPublished(model.params, values, nameOf, 'fixture') }).toEqual({ ...published() })
    model.dispose()
  })
})

test.each(Object.entries(golden.params))('%s has the parameters of timm', (name, [thousand, ten]) => {
  const { options } = registry.component('model', `convnext-${name}`)
  expect(options).toMatchObject({ depths: { default: variants[name as 'atto'].depths } })
  const model = create({ use: `convnext-${name}`, ...variants[name as 'atto'] }, 32, 10)
  expect(countParams(model.params)).toBe(ten)
  // The other 990 classes have a row and a bias each.
  expect(countParams(model.params) + 990 * (variants[name as 'atto'].widths[3]! + 1)).toBe(thousand)
  model.dispose()
})

test('a layer scale is a scale, norms are norms, and everything else weights and biases', () => {
  const model = create()
  for (const { path, role } of listParams(model.params)) {
    const wanted = /scale\/gamma$/.test(path) ? 'scale' : /(gamma|beta)$/.test(path) ? 'norm' : path.split('/').at(-1)
    expect(role, path).toBe(wanted)
  }
  model.dispose()
})

test('multiply-accumulates are those of its convolutions, counted by hand; what a step keeps is what the tape holds', () => {
  const model = create()
  expect(savedForBackward(model)).toBe(costOf(model).activations + golden.classes)
  // 40 px in patches of 4: 10 × 10, then 5 × 5, 2 × 2 and 1 × 1.
  const block = (channels: number, area: number) => area * (49 * channels + 8 * channels ** 2)
  const stages = block(4, 100) + 2 * block(6, 25) + block(8, 4) + block(6, 1)
  const between = 25 * 4 * 4 * 6 + 4 * 4 * 6 * 8 + 4 * 8 * 6
  expect(costOf(model).macs).toBe(100 * 16 * 3 * 4 + stages + between + 6 * golden.classes)
  model.dispose()
})

test('drop path grows from block to block as in timm, and what stands in the slot `attention` is at the end of a branch', () => {
  const { depths, widths } = variants.atto
  const rates: number[] = []
  const model = create({ depths, widths: widths.map((width) => width / 10), dropPath: 0.3, layerScale: 0.5 }, 32)
  // A block whose rate is r leaves out about r of 4000 images: what is left out comes out as it went in.
  for (const { type, block } of model.layers) {
    if (type !== 'convnext-block') continue
    const channels = listParams(block.params)[0]!.value.shape[2]!
    rates.push(
      tf.tidy(() => {
        const x = tf.ones([4000, 1, 1, channels]) as tf.Tensor4D
        const y = block.apply(x, { training: true, rng: createRng(2).scope(String(rates.length)) })
        return tf.mean(tf.cast(tf.all(tf.equal(y, 1), [1, 2, 3]), 'float32')).dataSync()[0]!
      }),
    )
  }
  for (const [index, rate] of rates.entries()) expect(Math.abs(rate - golden.dropPath[index]!)).toBeLessThan(0.03)
  expect(rates[0]).toBe(0)
  model.dispose()

  const without = create({ layerScale: 1, slots: { attention: 'shut' } })
  tf.tidy(() => {
    const { block } = without.layers[1]!
    const x = tf.ones([2, 3, 3, 4]) as tf.Tensor4D
    expect(block.apply(x, { training: true, rng: createRng(1) }).dataSync()).toEqual(x.dataSync())
    expect(block.apply(x, { training: false, rng: createRng(1) }).dataSync()).not.toEqual(x.dataSync())
  })
  without.dispose()
})

test('stages of unequal number are refused, and images that are smaller than a patch', () => {
  const problems: Problem[] = []
  const normal = normalizeModel({ use: 'convnext-atto', depths: [1, 2] }, registry, 'test', problems)
  const context = { imageShape: [32, 32, 3], classes: 3, init: createRng(1) } as const
  expect(() => createModel(registry, normal, context)).toThrow(/\[E_OPTION_RANGE\] convnext: `depths` and `widths`/)
  expect(() => create({}, 3)).toThrow(/E_SHAPE/)
})

/** Its binary does not exist for every platform. */
function loadRuntime(): typeof import('onnxruntime-node') | undefined {
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node')
  } catch {
    return undefined
  }
}
const runtime = loadRuntime()

test.skipIf(runtime === undefined)("as ONNX in onnxruntime it has timm's scores", async () => {
  const { InferenceSession, Tensor } = runtime!
  const model = restore()
  const session = await InferenceSession.create(Buffer.concat(await exportOnnx(model)), { logSeverityLevel: 3 })
  const first = tf.tidy(() => tf.transpose(images(), [0, 3, 1, 2]).dataSync<'float32'>())
  const { scores } = await session.run({ images: new Tensor('float32', first, [2, 3, golden.size, golden.size]) })
  expect(scores!.data as Float32Array).toBeAllClose(golden.scores, { rtol: 1e-4, atol: 1e-5 })
  model.dispose()
})

test('as a graph of TensorFlow.js it holds every number', async () => {
  const model = restore()
  const { weights } = await exportTfjs(model)
  expect(weights.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(4 * countParams(model.params))
  model.dispose()
})
