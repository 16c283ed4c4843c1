import { readFileSync } from 'node:fs'
import { listParams, type Model, TricklabError } from '@tricklab/core'
import { decodeSafetensors, encodeSafetensors, type StoredTensors, storeTensors } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromPublished, toPublished } from '../src/index.ts'
import { chirp, contextOf, createModel, deviation, readGolden, registry } from './helpers.ts'

interface Golden {
  size: number
  scores: number[]
  names: Record<'xresnet18' | 'xresnet50' | 'resnet18' | 'resnet50', Record<string, number[]>>
}

const golden = readGolden<Golden>('published')
const read = () =>
  decodeSafetensors(readFileSync(new URL('./golden/published-xresnet.safetensors', import.meta.url)), 'fixture').tensors
const nameOf = (model: string) => registry.component('model', model).publishedName!

const createTiny = (classes = 5) =>
  createModel('xresnet50', {
    imageShape: [golden.size, golden.size, 3],
    classes,
    options: { layers: [1, 2, 1, 1], widths: [4, 8, 12, 16], stemWidths: [8, 8, 16] },
  })

function assign(model: Model, values: StoredTensors): void {
  for (const { path, value } of listParams(model.params)) {
    tf.tidy(() => value.assign(tf.tensor(values[path]!.data, [...values[path]!.shape])))
  }
}

function problemOf(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (error instanceof TricklabError) return error.problems[0]!
    throw error
  }
  return undefined
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(() => prepareEngine(engine).then(() => undefined))

  test("timm's weights of a tiny ResNet-D give timm's scores", () => {
    const model = createTiny()
    assign(model, fromPublished(model.params, read(), nameOf('xresnet50'), 'fixture'))
    const images = chirp<tf.Rank.R4>([2, golden.size, golden.size, 3], 0.5)
    const scores = tf.tidy(() => model.apply(images, contextOf(false)).dataSync())
    expect(deviation(scores, golden.scores)).toBeLessThan(1e-4)
    images.dispose()
    model.dispose()
  })
})

describe('published weights', () => {
  beforeAll(() => prepareEngine('cpu').then(() => undefined))

  // Their names and shapes, without building networks of 25 million weights: only places and sizes count.
  test.each(['xresnet18', 'xresnet50', 'resnet18', 'resnet50'] as const)('%s has every name of timm’s once', (name) => {
    const model = createModel(name, { imageShape: [32, 32, 3], classes: 1000 })
    const names = golden.names[name]
    const tensors = Object.fromEntries(
      Object.entries(names).map(([key, shape]) => {
        const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
        return [key, { dtype: 'float32' as const, shape, data }]
      }),
    )
    const own = fromPublished(model.params, tensors, nameOf(name), 'timm')
    expect(Object.keys(own)).toHaveLength(Object.keys(names).filter((key) => !key.endsWith('tracked')).length)
    model.dispose()
  })

  test('there and back again, bit by bit', async () => {
    const model = createTiny()
    const published = read()
    assign(model, fromPublished(model.params, published, nameOf('xresnet50'), 'fixture'))
    const values = await storeTensors(Object.fromEntries(listParams(model.params).map((p) => [p.path, p.value])))
    const written = toPublished(model.params, values, nameOf('xresnet50'), 'fixture')
    const without = Object.entries(published).filter(([name]) => !name.endsWith('.num_batches_tracked'))
    expect(written).toEqual(Object.fromEntries(without))
    const file = Buffer.concat(encodeSafetensors(written, { format: 'pt' }))
    expect(decodeSafetensors(file, 'file').tensors).toEqual(written)
    model.dispose()
  })

  test('all that differs is listed at once', () => {
    const model = createTiny()
    const { 'conv1.0.weight': first, ...tensors } = read() as Record<string, StoredTensors[string]>
    const bias = { ...tensors['fc.bias']!, dtype: 'int32' as const }
    const odd = { ...tensors, 'conv1.00.weight': first!, 'fc.bias': bias, 'bn1.weight': { ...first!, shape: [216] } }
    const problem = problemOf(() => fromPublished(model.params, odd, nameOf('xresnet50'), 'that.safetensors'))
    expect(problem).toMatchObject({ code: 'E_WEIGHTS' })
    expect(problem?.what).toMatch(/^that\.safetensors does not fit the model in 4 of /)
    for (const part of [
      'conv1.0.weight is missing',
      'bn1.weight is float32 [216], not float32 [16]',
      'fc.bias is int32 [5], not float32 [5]',
      'conv1.00.weight float32 [8,3,3,3] has no place in the model',
    ]) {
      expect(problem?.received).toContain(part)
    }
    model.dispose()
  })

  test('another number of classes is a difference of two tensors; many differences are cut short', () => {
    const model = createTiny(6)
    const problem = problemOf(() => fromPublished(model.params, read(), nameOf('xresnet50'), 'it'))
    expect(problem?.received).toBe(
      'fc.weight is float32 [5,64], not float32 [6,64]; fc.bias is float32 [5], not float32 [6].',
    )
    const all = problemOf(() => fromPublished(model.params, {}, nameOf('xresnet50'), 'it'))
    expect(all?.received).toMatch(/; and \d+ more\.$/)
    model.dispose()
  })

  test('a block with weights that no published network has cannot be named', async () => {
    const model = createModel('xresnet18', {
      imageShape: [32, 32, 3],
      options: { layers: [1], widths: [4], stemWidths: [4, 4, 4, 4] },
    })
    const values = await storeTensors(Object.fromEntries(listParams(model.params).map((p) => [p.path, p.value])))
    const problem = problemOf(() => toPublished(model.params, values, nameOf('xresnet18'), 'run'))
    expect(problem?.code).toBe('E_EXPORT')
    expect(problem?.received).toContain('stem/4/conv/weight')
    model.dispose()
  })
})
