import { createRng, type Dataset, type Sample, type Split } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { type BatchSourceOptions, createBatchSource } from './source.ts'

const plain: BatchSourceOptions = { batchSize: 4, shuffle: true, dropLast: false, normalize: { kind: 'none' } }

const plans = fc.record({
  train: fc.integer({ min: 1, max: 30 }),
  valid: fc.integer({ min: 1, max: 30 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  shuffle: fc.boolean(),
  seed: fc.integer(),
  epoch: fc.nat(5),
})

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('every sample comes exactly once an epoch, with its own target', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.constantFrom<Split>('train', 'valid'), async (plan, split) => {
      const dataset = createMemoryDataset(plan)
      const source = await open(dataset, plan)
      const batches = await collect(source.read(split, plan.epoch, 0))
      expect(batches).toHaveLength(source.batches(split))
      expect(batches.slice(0, -1).every(({ size }) => size === plan.batchSize)).toBe(true)
      const seen = batches.flatMap(({ indices }) => indices)
      expect(seen).toHaveLength(source.samples(split))
      expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: plan[split] }, (_, index) => index))
      const labels = batches.flatMap(({ targets }) => targets)
      seen.forEach((index, place) => {
        const expected = Array.from(dataset.classes, (_, label) =>
          Number(label === dataset.readSync(split, index).label),
        )
        expect(labels[place]).toEqual(expected)
      })
    }),
    { seed: 1, numRuns: 60 },
  )
})

test('reading from batch k is the tail of reading from the start', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(12), async (plan, from) => {
      const source = await open(createMemoryDataset(plan), plan)
      for (const split of ['train', 'valid'] as const) {
        const all = await collect(source.read(split, plan.epoch, 0))
        expect(await collect(source.read(split, plan.epoch, from))).toEqual(all.slice(from))
      }
    }),
    { seed: 1, numRuns: 40 },
  )
})

test('the order depends on seed and epoch only', async () => {
  const order = async (seed: number, epoch: number, batchSize = 4, epochsBefore = 0) => {
    const source = await createBatchSource(
      createMemoryDataset({ train: 30, valid: 5 }),
      { ...plain, batchSize },
      createRng(seed),
    )
    for (let before = 0; before < epochsBefore; before++) await collect(source.read('train', before, 0))
    return (await collect(source.read('train', epoch, 0))).flatMap(({ indices }) => indices)
  }
  const reference = await order(1, 2)
  expect(await order(1, 2)).toEqual(reference)
  expect(await order(1, 2, 7)).toEqual(reference)
  expect(await order(1, 2, 4, 2)).toEqual(reference)
  expect(await order(1, 3)).not.toEqual(reference)
  expect(await order(2, 2)).not.toEqual(reference)
})

test('validation is never shuffled; nor is training when it should not be', async () => {
  const inOrder = Array.from({ length: 9 }, (_, index) => index)
  const dataset = createMemoryDataset({ train: 9, valid: 9 })
  const shuffled = await createBatchSource(dataset, plain, createRng(1))
  expect((await collect(shuffled.read('valid', 3, 0))).flatMap(({ indices }) => indices)).toEqual(inOrder)
  expect((await collect(shuffled.read('train', 3, 0))).flatMap(({ indices }) => indices)).not.toEqual(inOrder)
  const ordered = await createBatchSource(dataset, { ...plain, shuffle: false }, createRng(1))
  expect((await collect(ordered.read('train', 3, 0))).flatMap(({ indices }) => indices)).toEqual(inOrder)
})

test('dropLast leaves out a partial training batch, never one of validation', async () => {
  const source = await createBatchSource(
    createMemoryDataset({ train: 10, valid: 10 }),
    { ...plain, dropLast: true },
    createRng(1),
  )
  expect([source.batches('train'), source.samples('train')]).toEqual([2, 8])
  expect([source.batches('valid'), source.samples('valid')]).toEqual([3, 10])
  expect((await collect(source.read('train', 0, 0))).map(({ size }) => size)).toEqual([4, 4])
  expect((await collect(source.read('valid', 0, 0))).map(({ size }) => size)).toEqual([4, 4, 2])
})

test('limits take the first samples; one above the size changes nothing', async () => {
  const dataset = createMemoryDataset({ train: 20, valid: 10 })
  const source = await createBatchSource(dataset, { ...plain, limits: { train: 6, valid: 99 } }, createRng(1))
  const seen = (await collect(source.read('train', 0, 0))).flatMap(({ indices }) => indices)
  expect(seen.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
  expect(source.samples('valid')).toBe(10)
})

test('pixels become (x / 255 − mean) / std', async () => {
  const dataset = createMemoryDataset({ train: 4, valid: 1 }, [2, 3, 2])
  const normalize = { kind: 'fixed', mean: [0.25, 0.5], std: [0.5, 2] } as const
  const source = await createBatchSource(dataset, { ...plain, shuffle: false, normalize }, createRng(1))
  for await (const { images, targets } of source.read('train', 0, 0)) {
    expect(images.shape).toEqual([4, 2, 3, 2])
    const expected = Array.from({ length: 4 }, (_, index) => Array.from(dataset.readSync('train', index).pixels))
      .flat()
      .map((byte, place) => (byte / 255 - [0.25, 0.5][place % 2]!) / [0.5, 2][place % 2]!)
    expect(Array.from(images.dataSync())).toEqual(expected.map(Math.fround))
    tf.dispose([images, targets])
  }
})

test('normalisation from a sample makes the sample itself standard', async () => {
  const dataset = createMemoryDataset({ train: 40, valid: 1 })
  const normalize = { kind: 'sample-scalar', images: 40 } as const
  const source = await createBatchSource(dataset, { ...plain, batchSize: 40, normalize }, createRng(1))
  for await (const { images, targets } of source.read('train', 0, 0)) {
    const values = Array.from(images.dataSync())
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    expect(mean).toBeCloseTo(0, 6)
    expect(variance).toBeCloseTo(1, 5)
    tf.dispose([images, targets])
  }
})

test('a dataset without readSync gives the same batches, and its next batch is read while one is in use', async () => {
  const memory = createMemoryDataset({ train: 10, valid: 1 })
  const read: number[] = []
  const slow: Dataset = {
    classes: memory.classes,
    digest: memory.digest,
    size: memory.size,
    read: async (split, index) => {
      read.push(index)
      return memory.read(split, index)
    },
  }
  const fast = await collect((await createBatchSource(memory, plain, createRng(1))).read('train', 0, 0))
  const source = await createBatchSource(slow, plain, createRng(1))
  expect(await collect(source.read('train', 0, 0))).toEqual(fast)

  read.length = 0
  const iterator = source.read('train', 0, 0)[Symbol.asyncIterator]()
  const { value } = await iterator.next()
  tf.dispose([value.images, value.targets])
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(read).toHaveLength(8)
  await iterator.return?.()
})

test('no tensor is made before it is asked for, and none is kept', async () => {
  const source = await createBatchSource(createMemoryDataset({ train: 12, valid: 1 }), plain, createRng(1))
  const before = tf.memory().numTensors
  for await (const { images, targets } of source.read('train', 0, 0)) {
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose([images, targets])
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(tf.memory().numTensors).toBe(before)
})

test('a sample that cannot be read stops its own batch, not an earlier one', async () => {
  const memory = createMemoryDataset({ train: 8, valid: 1 })
  const broken: Dataset = {
    ...memory,
    readSync: (split: Split, index: number): Sample => {
      if (index === 5) throw new Error('unreadable')
      return memory.readSync(split, index)
    },
  }
  const source = await createBatchSource(broken, { ...plain, shuffle: false }, createRng(1))
  const iterator = source.read('train', 0, 0)[Symbol.asyncIterator]()
  const { value } = await iterator.next()
  tf.dispose([value.images, value.targets])
  // The failure is there already; it must wait for its batch and not end the process.
  await new Promise((resolve) => setTimeout(resolve, 5))
  await expect(iterator.next()).rejects.toThrow('unreadable')
})

test('wrong sizes, shapes and labels are refused', async () => {
  const dataset = createMemoryDataset({ train: 3, valid: 1 })
  const create = (change: Partial<BatchSourceOptions>) =>
    createBatchSource(dataset, { ...plain, ...change }, createRng(1))
  await expect(create({ batchSize: 0 })).rejects.toThrow('E_OPTION_RANGE')
  await expect(create({ batchSize: 2.5 })).rejects.toThrow('E_OPTION_RANGE')
  await expect(create({ limits: { train: 0 } })).rejects.toThrow('E_OPTION_RANGE')
  await expect(create({ dropLast: true })).rejects.toThrow('E_OPTION_RANGE')

  const odd = (sample: Partial<Sample>) => ({
    ...dataset,
    readSync: (split: Split, index: number) => ({ ...dataset.readSync(split, index), ...(index === 2 ? sample : {}) }),
  })
  const readAll = async (bad: Dataset) =>
    collect((await createBatchSource(bad, plain, createRng(1))).read('train', 0, 0))
  await expect(readAll(odd({ shape: [2, 3, 1] }))).rejects.toThrow('E_SHAPE')
  await expect(readAll(odd({ pixels: new Uint8Array(5) }))).rejects.toThrow('E_SHAPE')
  await expect(readAll(odd({ label: 4 }))).rejects.toThrow('E_DATASET_CORRUPT')
})

function open(dataset: Dataset, plan: { batchSize: number; shuffle: boolean; seed: number }) {
  return createBatchSource(
    dataset,
    { ...plain, batchSize: plan.batchSize, shuffle: plan.shuffle },
    createRng(plan.seed),
  )
}

/** The indices that the images carry in their first two bytes, and the targets. */
async function collect(batches: AsyncIterable<{ images: tf.Tensor4D; targets: tf.Tensor2D; size: number }>) {
  const collected: { size: number; indices: number[]; targets: number[][] }[] = []
  for await (const { images, targets, size } of batches) {
    const bytes = Array.from(images.dataSync(), (value) => Math.round(value * 255))
    const length = bytes.length / size
    const indices = Array.from({ length: size }, (_, i) => bytes[i * length]! + 256 * bytes[i * length + 1]!)
    collected.push({ size, indices, targets: targets.arraySync() })
    tf.dispose([images, targets])
  }
  return collected
}
