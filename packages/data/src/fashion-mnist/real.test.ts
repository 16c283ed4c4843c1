import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { createRng, type Dataset, type DatasetContext, type Services, TricklabError } from '@tricklab/core'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { type FilePlaces, filePlaces, findFiles } from '../files/find.ts'
import type { FilePaths } from '../files/in-folder.ts'
import { readKnownFiles } from '../files/read.ts'
import { createIdxDataset } from '../idx/dataset.ts'
import { fashionMnistSet } from './dataset.ts'

// The published files themselves, where this machine has them or can get them.
const context: DatasetContext & Services = { dataPaths: [], log: () => {}, onProgress: () => {}, rng: createRng(0) }

test('the FashionMNIST of this machine is the published one', async ({ skip }) => {
  const paths = await findFiles(fashionMnistSet, { ...filePlaces(fashionMnistSet, context), offline: true }).catch(
    (error: unknown) => {
      if (error instanceof TricklabError && error.code === 'E_DATASET_MISSING') return undefined
      throw error
    },
  )
  if (paths === undefined)
    return skip('FashionMNIST is not on this machine: not in the cache, TRICKLAB_DATA or /usr/share')
  await checkContent(await load(paths))
})

test("Debian's package brings FashionMNIST into an empty cache, without root", async ({ skip }) => {
  if (process.env.TRICKLAB_OFFLINE) return skip('TRICKLAB_OFFLINE is set')
  const folder = await createFolder()
  const probe = spawnSync('apt-get', ['download', 'dataset-fashion-mnist'], { cwd: folder, timeout: 60_000 })
  if (probe.status !== 0) return skip('apt-get is missing, offline, or does not know the package')

  // Nothing installed and no mirror: only the package is left.
  const nowhere = path.join(folder, 'nowhere')
  const places: FilePlaces = {
    ...filePlaces(fashionMnistSet, context, { TRICKLAB_CACHE: folder }),
    distribution: nowhere,
    mirrors: [],
  }
  const paths = await findFiles(fashionMnistSet, places)
  expect([...paths.values()].map((file) => path.dirname(file))).toEqual(new Array(4).fill(places.cache))
  await checkContent(await load(paths))
})

const load = async (paths: FilePaths) =>
  createIdxDataset(fashionMnistSet, await readKnownFiles(fashionMnistSet, paths, () => ''))

async function checkContent(dataset: Dataset): Promise<void> {
  expect(dataset.digest).toBe('5cf0562c46b89a77940b86f40a9a4325e7bed59d53ec555c4d14f0bed41ca53a')
  expect([dataset.size('train'), dataset.size('valid')]).toEqual([60_000, 10_000])
  expect(dataset.classes[(await dataset.read('train', 0)).label]).toBe('Ankle boot')
  let sum = 0
  let squares = 0
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 60_000; index++) {
    const { pixels, label } = dataset.readSync!('train', index)
    counts[label]!++
    for (const pixel of pixels) {
      sum += pixel
      squares += pixel * pixel
    }
  }
  expect(counts).toEqual(new Array(10).fill(6000))
  // The constants in common use.
  const count = 60_000 * 784
  expect(sum / count / 255).toBeCloseTo(0.286, 4)
  expect(Math.sqrt(squares / count - (sum / count) ** 2) / 255).toBeCloseTo(0.353, 4)
}
