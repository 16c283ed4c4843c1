/** pete88b's check of the TwistLayer: sizes of its networks, where the twists stand, and that they train. */

import { createRegistry, createRng, listParams, type Model, type Rng } from '@tricklab/core'
import { trainable } from '@tricklab/core/params'
import { createModel, normalizeModel, normalizeRow, rowNames } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { createCrossEntropy } from '@tricklab/nn'
import { drawImages } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import table from '../src/imagewoof-twist-layer.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const registry = createRegistry(table.plugins)
const recipeOf = (row: string) => normalizeRow(table, row).recipe

/** Initialises with zeros: counting takes no random numbers, of which a large model wants many. */
const nothingDrawn: Rng = {
  at: () => ({ ...createRng(1).at(), normal: () => 0, uniform: () => 0 }),
  scope: () => nothingDrawn,
}

/** Sizes of the trainable parameters by path, at full size. */
function sizesOf(model: Parameters<typeof createModel>[1]): [path: string, size: number][] {
  const built = createModel(registry, model, { imageShape: [128, 128, 3], classes: 10, init: nothingDrawn })
  const sizes = trainable(listParams(built.params)).map(({ path, value }): [string, number] => [path, value.size])
  built.dispose()
  return sizes
}

/**
 * What fastai's summary counts: parameters of modules that hold no other module. So it leaves out γ of the attention and
 * centres and radii of the twists, and it counts the third kernel, which the source overwrites at every step.
 */
function countAsFastai(sizes: readonly [path: string, size: number][]): number {
  return sizes.reduce((sum, [path, size]) => {
    const leaf = path.split('/').at(-1)!
    if (['centreX', 'centreY', 'radius'].includes(leaf) || /attention2?\/gamma$/.test(path)) return sum
    return sum + (leaf === 'weightX' ? 2 * size : size)
  }, 0)
}

const twistsIn = (sizes: readonly [path: string, size: number][]) =>
  sizes.flatMap(([path]) => (path.endsWith('/radius') ? [path.slice(0, -'/radius'.length)] : []))

describe('the networks are those of the notebook', () => {
  // Parameters that it prints, and twists: for xse_resnext18 it prints every layer. Nothing else has all three counts right.
  test.each([
    ['xse-resnext18', 13_142_122, 0],
    ['xse-resnext18-twist-everywhere', 71_878_890, 28],
    ['xse-resnext18-deep', 15_756_938, 0],
    ['xse-resnext18-deep-twist-everywhere', 93_338_890, 28 + 2 * 3 + 1],
    ['xresnet50-ssa', 23_613_290, 0],
    ['xresnet50-ssa-twist-everywhere', 361_619_306, 1 + 16 * 3 + 4],
  ])('%s has %i parameters, %i twists', (row, count, twists) => {
    const sizes = sizesOf(recipeOf(row).model)
    expect(countAsFastai(sizes)).toBe(count)
    expect(twistsIn(sizes)).toHaveLength(twists)
  })

  // Of the two kernels more that a twist has by that count: 2 · 9 · inputs / groups · outputs for each 3 × 3 above 32 outputs.
  test.each([
    ['xse-resnext18-twist', 38_836_330, 1 + 8 * 2],
    ['xse-resnext18-deep-twist', 46_390_922, 1 + 10 * 2],
    // 9 · (3 · 64² + 4 · 128² + 6 · 256² + 3 · 512²) twice, and the last of the stem.
    ['xresnet50-ssa-twist', 23_613_290 + 2 * 9 * (1_257_472 + 32 * 64), 1 + 16],
  ])('%s would count %i parameters, and has %i twists, all of them in 3 × 3', (row, count, twists) => {
    const sizes = sizesOf(recipeOf(row).model)
    expect(countAsFastai(sizes)).toBe(count)
    const found = twistsIn(sizes)
    expect(found).toHaveLength(twists)
    for (const path of found) expect(path).toMatch(/^stem\/3\/conv$|^stage\d\/block\d\/(convolutions\/)?conv[12]$/)
  })

  test('its xse_resnext50 would be another network', () => {
    const { skeleton, slots } = recipeOf('xse-resnext18').model
    const { layers: _layers, expansion: _expansion, ...others } = skeleton
    const model = normalizeModel({ ...others, use: 'xresnet50', slots } as never, registry, 'test', [])
    expect(countAsFastai(sizesOf(model))).toBe(25_616_154)
  })
})

describe('the rows', () => {
  test('have the settings that the notebook prints', () => {
    for (const row of rowNames(table)) {
      const recipe = recipeOf(row)
      expect(recipe.data).toMatchObject({
        dataset: { use: 'imagewoof2', archive: '320' },
        train: { crop: { use: 'random-resized-crop', size: 128, minScale: 0.35, flip: 0.5 } },
        normalize: { kind: 'none' },
      })
      expect(recipe.optimizer).toMatchObject({
        ...{ use: 'ranger', learningRate: 3e-3, beta1: 0.95, beta2: 0.99, epsilon: 1e-6, weightDecay: 1e-2 },
      })
      expect([recipe.epochs, recipe.batchSize, recipe.precision]).toEqual([5, 64, undefined])
      expect(recipe.model.slots.act).toEqual({ use: 'mish' })
      expect(recipe.model.slots.pool).toBeUndefined()
    }
  })

  test.each(['xse-resnext18', 'xse-resnext18-deep', 'xresnet50-ssa'])('%s and its twists differ by the swap', (row) => {
    const plain = recipeOf(row)
    const swaps = [`${row}-twist-everywhere`, `${row}-twist`].map((name) => {
      const { model, ...rest } = recipeOf(name)
      const { swap, ...slots } = model.slots
      expect({ ...rest, model: { ...model, slots } }).toEqual(plain)
      return swap
    })
    expect(swaps).toMatchObject([
      { use: 'twist', version: 'twist-layer', outputsAbove: 32, kernels: 'any', groups: 'none', start: 'torch' },
      { use: 'twist', version: 'twist-layer', outputsAbove: 32, kernels: '3x3', groups: 'kept', start: 'kaiming' },
    ])
  })
})

/** Two short stages, with everything in them that the whole network has. */
function buildSmall(row: string): Model {
  const { skeleton, slots } = recipeOf(row).model
  const small = { ...skeleton, layers: [1, 1], widths: [64, 128], stemWidths: [8, 8, 64] }
  const init = createRng(1).scope('init')
  const model = createModel(registry, { skeleton: small, slots }, { imageShape: [16, 16, 3], classes: 3, init })
  // As after some steps: what starts at 0 hides what lies behind it.
  for (const { path, value } of listParams(model.params)) {
    if (path.endsWith('/gamma')) value.assign(tf.tidy(() => tf.fill(value.shape, 0.5)))
  }
  return model
}

/** Gradients of the loss on a few images by path. */
function differentiate(model: Model): Map<string, Float32Array> {
  const gradients = new Map<string, Float32Array>()
  const params = trainable(listParams(model.params))
  tf.tidy(() => {
    const images = tf.tensor4d(drawImages(2, 3, [16, 16, 3]), [3, 16, 16, 3])
    const targets = tf.eye(3)
    const { value, grads } = tf.variableGrads(
      () => createCrossEntropy().apply(model.apply(images, { training: true, rng: createRng(1) }), targets),
      params.map((param) => param.value),
    )
    expect(value.dataSync()[0]).toBeGreaterThan(0)
    for (const { path, value } of params) gradients.set(path, grads[value.name]!.dataSync<'float32'>())
  })
  return gradients
}

const largest = (gradient: Float32Array) => gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('a small one of them', () => {
  beforeAll(async () => {
    await prepareEngine('wasm')
  })

  test.each(['xse-resnext18-twist-everywhere', 'xse-resnext18-twist', 'xresnet50-ssa-twist-everywhere'])(
    '%s learns with every weight but those of a twist in a gate',
    (row) => {
      const model = buildSmall(row)
      const gradients = differentiate(model)
      const idle = [...gradients].flatMap(([path, gradient]) => (largest(gradient) > 0 ? [] : [path]))
      const gates = ['stage1/block1', 'stage2/block1'].map((block) => `${block}/attention/expand`)
      const twisted = gates.filter((gate) => gradients.has(`${gate}/radius`))
      expect(twisted).toEqual(row === 'xse-resnext18-twist-everywhere' ? gates : [])
      expect(idle).toEqual(
        twisted.flatMap((gate) => ['weightX', 'centreX', 'centreY', 'radius'].map((name) => `${gate}/${name}`)),
      )
      for (const gradient of gradients.values()) expect(Number.isFinite(largest(gradient))).toBe(true)
      for (const gate of twisted) {
        // An image of one pixel: only the middle of a kernel meets it.
        const gradient = gradients.get(`${gate}/weight`)!
        const pairs = gradient.length / 9
        const met = Array.from(
          { length: 9 },
          (_, tap) => largest(gradient.subarray(tap * pairs, (tap + 1) * pairs)) > 0,
        )
        expect(met).toEqual([false, false, false, false, true, false, false, false, false])
      }
      model.dispose()
    },
  )

  test('the mended swap leaves 1 × 1 convolutions alone, biases of gates too, and keeps groups', () => {
    const shapes = (row: string) => {
      const model = buildSmall(row)
      const found = Object.fromEntries(listParams(model.params).map(({ path, value }) => [path, value.shape]))
      model.dispose()
      return found
    }
    const [plain, mended, flawed] = ['', '-twist', '-twist-everywhere'].map((end) => shapes(`xse-resnext18${end}`))
    const block = 'stage2/block1'
    for (const kept of ['attention/expand/bias', 'attention/expand/weight', 'shortcut/conv/weight']) {
      expect(mended![`${block}/${kept}`]).toEqual(plain![`${block}/${kept}`])
    }
    expect(mended![`${block}/convolutions/conv1/weight`]).toEqual([3, 3, 64 / 32, 256])
    expect(mended![`${block}/convolutions/conv1/weightX`]).toEqual([3, 3, 64 / 32, 256])
    expect(mended![`${block}/convolutions/conv2/weightX`]).toEqual([3, 3, 256, 128])
    // As the notebook prints them.
    expect(flawed![`${block}/convolutions/conv1/weight`]).toEqual([3, 3, 64, 256])
    expect(flawed![`${block}/attention/reduce/weight`]).toEqual([1, 1, 128, 8])
    expect(flawed![`${block}/attention/expand/weight`]).toEqual([3, 3, 8, 128])
    expect(flawed![`${block}/attention/expand/bias`]).toBeUndefined()
    expect(flawed![`${block}/shortcut/conv/weight`]).toEqual([3, 3, 64, 128])
  })
})
