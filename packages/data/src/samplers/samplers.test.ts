import { createRegistry, createRng, type Sampler } from '@tricklab/core'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { samplerContract } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { createBatchSource, type PhotoSetup } from '../batches/source.ts'
import { data } from '../index.ts'

samplerContract({ plugin: data, name: 'weighted', options: [{ weights: [1, 2, 0.5] }, { weights: [0, 1, 0] }] })
samplerContract({ plugin: data, name: 'class-balanced' })
samplerContract({ plugin: data, name: 'subset', options: [{ share: 0.3 }, { share: 1 }], fixed: true })
samplerContract({ plugin: data, name: 'repeated-augmentation', options: [{}, { repeats: 1 }], fixed: true })

const registry = createRegistry([data])
const create = (use: string, options: object = {}): Sampler =>
  registry.create('sampler', registry.normalize('sampler', { use, ...options } as NormalUse, 'test').use, {})

// 60 of class a, 30 of b, 10 of c.
const labels = Uint32Array.from({ length: 100 }, (_, i) => (i < 60 ? 0 : i < 90 ? 1 : 2))
const split = { labels, classes: ['a', 'b', 'c'], epoch: 0, shuffle: true }
const draw = (sampler: Sampler, more: Partial<typeof split> = {}, seed = 1) =>
  Array.from(sampler.draw({ ...split, ...more }, createRng(seed)))
const countsOf = (positions: readonly number[], of: ArrayLike<number> = labels) =>
  [0, 1, 2].map((label) => positions.filter((at) => of[at] === label).length)

beforeAll(async () => {
  await prepareEngine('cpu')
})

describe('weighted', () => {
  test('draws classes in proportion to weight times size', () => {
    const sampler = create('weighted', { weights: [1, 2, 12] })
    // 60 : 60 : 120 of 240.
    const sums = [0, 0, 0]
    for (let epoch = 0; epoch < 200; epoch++)
      for (const [i, n] of countsOf(draw(sampler, { epoch })).entries()) sums[i]! += n
    expect(sums.map((sum) => sum / 20_000)).toEqual([
      expect.closeTo(0.25, 1.7),
      expect.closeTo(0.25, 1.7),
      expect.closeTo(0.5, 1.7),
    ])
    expect(countsOf(draw(create('weighted', { weights: [0, 1, 0] })))).toEqual([0, 100, 0])
  })

  test.each([
    ['too few weights', [1, 2], /E_OPTION_RANGE.*3 weights, one for each class.*\[1, 2\]/s],
    ['only zeros', [0, 0, 0], /E_OPTION_RANGE.*above 0/s],
  ])('refuses %s before the first step', async (_name, weights, message) => {
    const dataset = createMemoryDataset({ train: 10, valid: 1 }, [2, 2, 1], 3)
    await expect(open(dataset, create('weighted', { weights }))).rejects.toThrow(message)
  })
})

test('class-balanced: every class fills a third, each image of it once before any comes again', () => {
  const sampler = create('class-balanced')
  for (const epoch of [0, 1]) {
    const positions = draw(sampler, { epoch })
    expect(countsOf(positions).sort()).toEqual([33, 33, 34])
    const times = new Map<number, number>()
    for (const at of positions) times.set(at, (times.get(at) ?? 0) + 1)
    for (const label of [0, 1, 2]) {
      const own = [...labels.keys()].filter((at) => labels[at] === label).map((at) => times.get(at) ?? 0)
      expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1)
    }
  }
  // A class without images takes no share.
  expect(countsOf(draw(sampler, { labels: labels.subarray(0, 90) }), labels)).toEqual([45, 45, 0])
})

test('subset: the same part in every epoch, of every class in proportion; another for another seed', () => {
  const sampler = create('subset', { share: 0.2 })
  const sorted = (positions: number[]) => positions.sort((a, b) => a - b)
  const first = draw(sampler)
  expect(countsOf(first)).toEqual([12, 6, 2])
  expect(new Set(first).size).toBe(20)
  const second = draw(sampler, { epoch: 1 })
  expect(second).not.toEqual(first)
  expect(sorted(second)).toEqual(sorted([...first]))
  expect(sorted(draw(sampler, {}, 2))).not.toEqual(sorted([...first]))
  expect(draw(sampler, { shuffle: false })).toEqual(sorted([...first]))
})

test('repeated augmentation: each image three times in a row', () => {
  const positions = draw(create('repeated-augmentation'))
  for (let i = 0; i < 99; i += 3) expect(new Set(positions.slice(i, i + 3)).size).toBe(1)
  expect(new Set(positions).size).toBe(34)
  expect(draw(create('repeated-augmentation', { repeats: 2 }), { shuffle: false }).slice(0, 5)).toEqual([0, 0, 1, 1, 2])
})

const options = { batchSize: 4, shuffle: true, dropLast: false, normalize: { kind: 'none' } } as const
const open = (dataset: Parameters<typeof createBatchSource>[0], sampler?: Sampler, photos?: PhotoSetup) =>
  createBatchSource(dataset, { ...options, sampler, photos }, createRng(1))

async function collect(source: Awaited<ReturnType<typeof open>>, epoch = 0, from = 0) {
  const batches: string[] = []
  for await (const { images, targets } of source.read('train', epoch, from)) {
    batches.push(`${images.dataSync().join()} ${targets.dataSync().join()}`)
    tf.dispose([images, targets])
  }
  return batches
}

test('what is off is as if it were absent, bit by bit', async () => {
  const dataset = createMemoryDataset({ train: 10, valid: 2 })
  const plain = await collect(await open(dataset))
  expect(await collect(await open(dataset, create('subset', { share: 1 })))).toEqual(plain)
  expect(await collect(await open(dataset, create('repeated-augmentation', { repeats: 1 })))).toEqual(plain)
})

test('an epoch has the samples of the sampler, and goes on at any batch', async () => {
  const dataset = createMemoryDataset({ train: 20, valid: 2 })
  const source = await open(dataset, create('subset', { share: 0.45 }))
  expect([source.samples('train'), source.batches('train'), source.samples('valid')]).toEqual([9, 3, 2])
  const all = await collect(source, 2)
  expect(all).toHaveLength(3)
  expect(await collect(source, 2, 1)).toEqual(all.slice(1))
})

test('an image that comes again is cropped in another way', async () => {
  const crop = registry.create(
    'crop',
    registry.normalize('crop', { use: 'random-resized-crop', size: 6, minScale: 0.3 } as NormalUse, 'test').use,
    {},
  )
  const dataset = createMemoryDataset({ train: 4, valid: 1 }, [16, 16, 1])
  const source = await open(dataset, create('repeated-augmentation', { repeats: 4 }), {
    train: { crop, augment: [] },
    valid: { crop },
    workers: 0,
  })
  for await (const { images, targets } of source.read('train', 0, 0)) {
    const views = tf.unstack(images).map((view) => view.dataSync().join())
    expect(new Set(views).size).toBe(4)
    expect(new Set(tf.tidy(() => [...tf.argMax(targets, 1).dataSync()])).size).toBe(1)
    tf.dispose([images, targets])
  }
})

test('a sampler that breaks its contract is named, not followed', async () => {
  const dataset = createMemoryDataset({ train: 10, valid: 1 })
  const broken = (size: number, positions: number[]): Sampler => ({ size: () => size, draw: () => positions })
  await expect(open(dataset, broken(0, []))).rejects.toThrow(/E_COMPONENT.*whole number of samples from 1/s)
  await expect(open(dataset, broken(3, [0, 1]))).rejects.toThrow(/E_COMPONENT.*3 positions/s)
  await expect(open(dataset, broken(2, [0, 10]))).rejects.toThrow(/E_COMPONENT.*from 0 to 9.*Received: 10/s)
})
