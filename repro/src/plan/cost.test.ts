import { normalizeRow, type Row } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { tables } from '@tricklab/recipes'
import { beforeAll, expect, test } from 'vitest'
import { createCostCounter, stageCost } from './cost.ts'

const options = { dataPaths: [], progress: () => {}, signal: new AbortController().signal }

function rowOf(id: string, name: string): Row {
  const table = tables.find((other) => other.id === id)
  if (table?.kind !== 'training') throw new Error(`${id} is no table of trainings`)
  return normalizeRow(table, name)
}

beforeAll(async () => {
  await prepareEngine('cpu')
})

test('a row takes the MACs of its network three times an image of training, once an image of validation', async () => {
  // The MACs of the lesson's network, as in packages/nn/src/summary.test.ts; 60,000 images in batches of 512, 3 epochs.
  expect(await createCostCounter(options)(rowOf('fashionmnist-resnets', 'conv'))).toEqual({
    macs: 1_209_728,
    steps: 354,
    trainImages: 180_000,
    validImages: 30_000,
    work: (3 * 180_000 + 30_000) * 1_209_728,
  })
})

test('batches that are left out or joined, and the validation after every epoch', () => {
  const sizes = { train: 100, valid: 30 }
  const macs = { train: 10, valid: 7 }
  const recipe = { epochs: 2, batchSize: 32, data: { dropLast: true } }
  expect(stageCost(recipe, sizes, macs)).toEqual({
    macs: 10,
    steps: 6,
    trainImages: 192,
    validImages: 60,
    work: 3 * 192 * 10 + 60 * 7,
  })
  expect(stageCost({ ...recipe, accumulate: 2, data: { dropLast: false } }, sizes, macs)).toMatchObject({
    steps: 4,
    trainImages: 200,
  })
  // Not one whole batch: such a row is counted, though it cannot be trained.
  expect(stageCost({ ...recipe, batchSize: 512 }, sizes, macs)).toMatchObject({ steps: 0, trainImages: 0 })
})

test('stages add up, each with its own size of images; a predictor adds its views', async () => {
  const costOf = createCostCounter(options)
  const plain = rowOf('imagenette-progressive', 'official-split')
  const [small, large] = [await costOf(rowOf('imagenette-128-5', 'replication')), await costOf(plain)]
  expect(large.macs).toBeGreaterThan(small.macs)
  // One image of the largest size for every image would be more than the small stages take.
  expect(large.work).toBeLessThan((3 * large.trainImages + large.validImages) * large.macs)
  const tta = await costOf(rowOf('imagenette-progressive', 'official-split-tta'))
  // Four views and the plain image of the 3,925 validation images, once at the end.
  expect(tta.validImages - large.validImages).toBe(5 * 3925)
  expect(tta.work - large.work).toBe(5 * 3925 * large.macs)
})
