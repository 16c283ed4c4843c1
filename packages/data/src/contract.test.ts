import { createRng, type DatasetContext, type Services, TricklabError } from '@tricklab/core'
import { checkDataset, datasetContract } from '@tricklab/testing'
import { expect, test, vi } from 'vitest'
import { fashionMnist } from './fashion-mnist/dataset.ts'
import { data } from './index.ts'

datasetContract({
  plugin: data,
  name: 'synthetic',
  options: [{}, { seed: -3, classes: 3, imageSize: 5, channels: 3, trainSize: 7, validSize: 1, noise: 0 }],
})

const context: DatasetContext & Services = { dataPaths: [], log: () => {}, onProgress: () => {}, rng: createRng(0) }

test('dataset "fashion-mnist" keeps the contract', async ({ skip }) => {
  vi.stubEnv('TRICKLAB_OFFLINE', '1')
  try {
    await fashionMnist.create({}, context)
  } catch (error) {
    if (!(error instanceof TricklabError) || error.code !== 'E_DATASET_MISSING') throw error
    return skip('FashionMNIST is not on this machine: not in the cache, TRICKLAB_DATA or /usr/share')
  }
  expect(await checkDataset({ plugin: data, name: 'fashion-mnist' })).toEqual([])
})
