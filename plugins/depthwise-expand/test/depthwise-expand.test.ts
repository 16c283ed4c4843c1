import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, type Json, listParams } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { trainable } from '@tricklab/core/params'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { nn } from '@tricklab/nn'
import '@tricklab/testing/matchers'
import { beforeAll, describe, expect, test } from 'vitest'
import depthwiseExpand from '../src/index.ts'

interface Case {
  block: string
  options: { multiplier: number }
  context: { inputChannels: number; outputChannels: number; stride: number; expansion: number; activate: boolean }
  shape: number[]
  outputShape: number[]
  values: number[]
  images: number[]
  gradients: number[][]
}

const golden = JSON.parse(readFileSync(new URL('./golden/depthwise-expand.json', import.meta.url), 'utf8')) as {
  cases: Case[]
}
const training = { training: true, rng: createRng(0) }

function createBlock({ block, options, context }: Pick<Case, 'block' | 'options' | 'context'>): Block {
  const registry = createRegistry([depthwiseExpand])
  const { use } = registry.normalize('block', { use: block, ...options }, 'test')
  const { expansion, ...place } = context
  return registry.create('block', use, { ...place, offers: { expansion }, kernelSize: 3, init: createRng(1) })
}

/** As in golden/make_depthwise_expand.py. */
function chirp(shape: number[], phase: number, scale = 1, center = 0): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => center + scale * Math.sin(0.7 * i * i + phase)),
    shape,
  )
}

describe.each(localEngines)('as PyTorch, on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('$block $options, $context', (expected) => {
    const block = createBlock(expected)
    const params = trainable(listParams(block.params))
    tf.tidy(() => {
      for (const [index, { path, value }] of params.entries()) {
        const { shape } = value
        const inputs = shape[0]! * (shape[1] ?? 1) * (path.includes('depthwise') ? 1 : (shape[2] ?? 1))
        const isNorm = shape.length === 1
        const scale = isNorm ? 0.2 : Math.sqrt(2 / inputs)
        value.assign(chirp(shape, index + 2, scale, path.endsWith('gamma') ? 1 : 0))
      }
      const x = tf.variable(chirp(expected.shape, 0.2))
      const y = block.apply(x as unknown as tf.Tensor4D, training)
      expect(y.shape).toEqual(expected.outputShape)
      expect(block.outputShape(expected.shape.slice(1) as never)).toEqual(expected.outputShape.slice(1))
      const dy = chirp(y.shape, 1)
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(block.apply(x as unknown as tf.Tensor4D, training), dy)),
        [x, ...params.map(({ value }) => value)],
      )
      const near = (actual: tf.Tensor, numbers: readonly number[]) =>
        expect(actual).toBeAllClose(Float64Array.from(numbers), { rtol: 1e-4, atol: 1e-4 })
      near(y, expected.values)
      near(grads[x.name]!, expected.images)
      expect(params).toHaveLength(expected.gradients.length)
      for (const [index, { value }] of params.entries()) near(grads[value.name]!, expected.gradients[index]!)
      x.dispose()
    })
    block.dispose()
  })
})

describe('in xresnet', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  const build = (slots: Record<string, Json>, options: object = {}) => {
    const registry = createRegistry([nn, depthwiseExpand])
    const problems: Problem[] = []
    const normal = normalizeModel(
      { use: 'xresnet50', layers: [1, 1], widths: [8, 16], ...options, slots },
      registry,
      'test',
      problems,
    )
    expect(problems).toEqual([])
    return createModel(registry, normal, { imageShape: [32, 32, 3], classes: 3, init: createRng(1) })
  }

  test('every block starts as its shortcut, and is trained', () => {
    const model = build({ branch: { use: 'depthwise-expand', multiplier: 2 } })
    const names = listParams(model.params).map(({ path }) => path)
    expect(names.filter((path) => path.startsWith('stage2/block1/convolutions') && path.endsWith('weight'))).toEqual(
      ['conv1', 'depthwise', 'conv2'].map((part) => `stage2/block1/convolutions/${part}/weight`),
    )
    const zero = listParams(model.params).find(({ path }) => path === 'stage2/block1/convolutions/norm2/gamma')!
    expect(Array.from(zero.value.dataSync()).every((gamma) => gamma === 0)).toBe(true)
    expect(listParams(model.params).find(({ path }) => path.endsWith('depthwise/weight'))!.value.shape).toEqual([
      3, 3, 8, 2,
    ])
    model.dispose()
  })

  test('9·N weights a channel instead of 9 times the width, and a 1 × 1 back from N times the channels', () => {
    const model = build({ branch: { use: 'depthwise-expand', multiplier: 3 } })
    const plain = build({})
    const change = (width: number) => {
      const dense = 9 * width * width + width * 4 * width + 2 * width
      return 9 * 3 * width + 3 * width * 4 * width - dense
    }
    expect(countParams(model.params) - countParams(plain.params)).toBe(change(8) + change(16))
    model.dispose()
    plain.dispose()
  })

  test('the stem halves the image, or keeps it where the source lost its stride', () => {
    const sizes = [{}, { halve: false }].map((options) => {
      const model = build({ stem: { use: 'depthwise-stem', widths: [4], ...options } }, { stemWidths: [8] })
      const stem = model.layers.find(({ name }) => name === 'stem')!
      const shape = stem.block.outputShape([32, 32, 3])
      model.dispose()
      return shape
    })
    expect(sizes).toEqual([
      [16, 16, 8],
      [32, 32, 8],
    ])
  })
})
