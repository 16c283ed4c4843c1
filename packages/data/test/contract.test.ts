import { createRegistry, type Dataset, TricklabError } from '@tricklab/core'
import { datasetContract } from '@tricklab/testing'
import { describe, test } from 'vitest'
import { data } from '../src/index.ts'

datasetContract({
  plugin: data,
  name: 'synthetic',
  options: [{}, { classes: 3, imageSize: 5, channels: 3, trainSize: 7, validSize: 2, noise: 0 }],
})

const missing = await fashionMnistIsMissing()
if (missing === undefined) {
  datasetContract({ plugin: data, name: 'fashion-mnist' })
} else {
  describe('dataset "fashion-mnist"', () => {
    test('the contract', ({ skip }) => skip(missing))
  })
}

/** Why the data cannot be tested here: a test must not download it. */
async function fashionMnistIsMissing(): Promise<string | undefined> {
  const offline = process.env.TRICKLAB_OFFLINE
  process.env.TRICKLAB_OFFLINE = '1'
  try {
    const context = { dataPaths: [], onProgress: () => {} }
    const dataset = (await createRegistry([data]).create('dataset', { use: 'fashion-mnist' }, context)) as Dataset
    dataset.dispose?.()
    return undefined
  } catch (error) {
    if (error instanceof TricklabError && error.code === 'E_DATASET_MISSING')
      return 'FashionMNIST is not on this machine'
    throw error
  } finally {
    if (offline === undefined) delete process.env.TRICKLAB_OFFLINE
    else process.env.TRICKLAB_OFFLINE = offline
  }
}
