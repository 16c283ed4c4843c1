import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { createBatchSource } from '../batches/source.ts'
import { createValidationViews } from './validation-views.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const dataset = createMemoryDataset({ train: 30, valid: 21 }, [1, 3, 1])

test('an epoch of the views has the validation samples, batch by batch, with and without a limit', async () => {
  const options = { batchSize: 4, shuffle: false, dropLast: false, normalize: { kind: 'none' } } as const
  for (const limit of [undefined, 6]) {
    const plain = await createBatchSource(dataset, { ...options, limits: { valid: limit } }, createRng(1))
    const limits = { train: limit }
    const views = await createBatchSource(createValidationViews(dataset), { ...options, limits }, createRng(1))
    const collect = async (batches: AsyncIterable<{ images: tf.Tensor; targets: tf.Tensor }>) => {
      const found: unknown[] = []
      for await (const { images, targets } of batches) {
        found.push([await images.array(), await targets.array()])
        tf.dispose([images, targets])
      }
      return found
    }
    const expected = await collect(plain.read('valid', 0, 0))
    expect(expected).toHaveLength(Math.ceil((limit ?? 21) / 4))
    expect(await collect(views.read('train', 3, 0))).toEqual(expected)
  }
})

test('they are other data than the dataset they are views of', () => {
  const views = createValidationViews(dataset)
  expect(views.digest).not.toBe(dataset.digest)
  expect(views.classes).toEqual(dataset.classes)
  expect([views.size('train'), views.size('valid')]).toEqual([21, 1])
})
