import { readOptions } from '@tricklab/core/options'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { createSynthetic, type SyntheticOptions, syntheticOptions } from './dataset.ts'

const defaults = readOptions(syntheticOptions, {}, 'dataset "synthetic"').values

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('the same options give the same bytes, in any order of reading', async () => {
  const a = createSynthetic(defaults)
  const b = createSynthetic(defaults)
  await b.read('valid', 7)
  for (const index of [0, 1023, 5]) expect(await a.read('train', index)).toEqual(await b.read('train', index))
  expect(a.readSync!('train', 3)).toEqual(await a.read('train', 3))
  expect(a.digest).toBe(b.digest)
})

test('every option changes the digest', () => {
  const changes: SyntheticOptions[] = [
    { ...defaults, seed: 1 },
    { ...defaults, classes: 9 },
    { ...defaults, imageSize: 27 },
    { ...defaults, channels: 3 },
    { ...defaults, trainSize: 1000 },
    { ...defaults, validSize: 100 },
    { ...defaults, noise: 0.2 },
  ]
  const digests = new Set([defaults, ...changes].map((options) => createSynthetic(options).digest))
  expect(digests.size).toBe(changes.length + 1)
  expect(createSynthetic(defaults).digest).toMatch(/^[0-9a-f]{64}$/)
})

test('another seed draws other images; another index another noise; the splits differ', async () => {
  const one = createSynthetic(defaults)
  const two = createSynthetic({ ...defaults, seed: 1 })
  expect((await one.read('train', 0)).pixels).not.toEqual((await two.read('train', 0)).pixels)
  expect((await one.read('train', 0)).pixels).not.toEqual((await one.read('train', 10)).pixels)
  expect((await one.read('train', 0)).pixels).not.toEqual((await one.read('valid', 0)).pixels)
})

test('shapes, labels and sizes are as asked', () => {
  const options = fc.record({
    seed: fc.integer(),
    classes: fc.integer({ min: 2, max: 12 }),
    imageSize: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 4 }),
    trainSize: fc.integer({ min: 1, max: 40 }),
    validSize: fc.integer({ min: 1, max: 40 }),
    noise: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(options, (asked) => {
      const dataset = createSynthetic(asked)
      expect(dataset.classes).toHaveLength(asked.classes)
      expect([dataset.size('train'), dataset.size('valid')]).toEqual([asked.trainSize, asked.validSize])
      for (let index = 0; index < asked.trainSize; index++) {
        const { pixels, shape, label } = dataset.readSync!('train', index)
        expect(shape).toEqual([asked.imageSize, asked.imageSize, asked.channels])
        expect(pixels).toHaveLength(asked.imageSize ** 2 * asked.channels)
        expect(label).toBe(index % asked.classes)
      }
    }),
    { seed: 1, numRuns: 30 },
  )
})

test('without noise all images of a class are equal, and no two classes are', async () => {
  const dataset = createSynthetic({ ...defaults, noise: 0 })
  expect((await dataset.read('train', 3)).pixels).toEqual((await dataset.read('valid', 13)).pixels)
  const seen = new Set<string>()
  for (let label = 0; label < 10; label++) seen.add((await dataset.read('train', label)).pixels.join())
  expect(seen.size).toBe(10)
})

test('an index outside the split is refused', async () => {
  const dataset = createSynthetic(defaults)
  for (const index of [-1, 1024, 0.5]) await expect(dataset.read('train', index)).rejects.toThrow('E_INTERNAL')
})

test('a linear network learns it in a few steps', () => {
  const dataset = createSynthetic({ ...defaults, imageSize: 16, trainSize: 64, validSize: 100 })
  const load = (split: 'train' | 'valid') => {
    const samples = Array.from({ length: dataset.size(split) }, (_, index) => dataset.readSync!(split, index))
    const pixels = Float32Array.from(samples.flatMap((sample) => Array.from(sample.pixels, (byte) => byte / 255 - 0.4)))
    return { images: tf.tensor2d(pixels, [samples.length, 256]), labels: samples.map(({ label }) => label) }
  }
  const train = load('train')
  const valid = load('valid')
  const weight = tf.variable(tf.zeros([256, 10])) as tf.Tensor2D
  const targets = tf.oneHot(tf.tensor1d(train.labels, 'int32'), 10)
  const optimizer = tf.train.adam(0.05)
  const right = () => {
    const predicted = tf.argMax(tf.matMul(valid.images, weight), 1).dataSync()
    return valid.labels.filter((label, index) => label === predicted[index]).length
  }
  expect(right()).toBe(10)
  for (let step = 0; step < 20; step++) {
    optimizer.minimize(() => tf.losses.softmaxCrossEntropy(targets, tf.matMul(train.images, weight)))
  }
  expect(right()).toBeGreaterThan(90)
})
