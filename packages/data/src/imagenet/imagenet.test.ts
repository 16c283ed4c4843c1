import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { datasetContract } from '@tricklab/testing'
import { afterAll, expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { filesOf, openByName, writeImages } from '../../test/own-photos.ts'
import { data } from '../index.ts'

const root = await mkdtemp(path.join(tmpdir(), 'tricklab-imagenet-'))
vi.stubEnv('TRICKLAB_CACHE', path.join(root, 'cache'))
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(root, { recursive: true, force: true })
})
const classes = ['n01440764', 'n02102040']
await writeImages(
  path.join(root, 'imagenet'),
  classes.flatMap((name) => [
    `train/${name}/${name}_1.jpg`,
    `train/${name}/${name}_2.jpg`,
    `val/${name}/ILSVRC2012_val_${name}.jpg`,
  ]),
)

test('the usual layout is read by its WordNet numbers, and a part of the classes is told', async () => {
  const dataset = await openByName({ use: 'imagenet' }, { dataPaths: [root] })
  expect(dataset.classes).toEqual(classes)
  expect([dataset.size('train'), dataset.size('valid')]).toEqual([4, 2])
  expect(filesOf(dataset, 'valid')[1]).toBe('val/n02102040/ILSVRC2012_val_n02102040.jpg n02102040')
  expect(dataset.note).toBe('It holds 2 of the 1000 classes.')
  expect(dataset.photo('train', 0)).not.toHaveProperty('upright')
})

test.each<[string, (at: string) => Promise<unknown>, RegExp]>([
  [
    'validation photos that are not sorted',
    async (at) => {
      for (const name of classes)
        await rename(path.join(at, 'val', name, `ILSVRC2012_val_${name}.jpg`), path.join(at, 'val', `${name}.jpg`))
      for (const name of classes) await rm(path.join(at, 'val', name), { recursive: true })
    },
    /E_DATASET_CORRUPT.*val does not hold ImageNet.*2 photos that are not sorted.*move every photo/s,
  ],
  ['folders of another dataset', (at) => mkdir(path.join(at, 'train/cat')), /E_DATASET_CORRUPT.*the folder cat/s],
  [
    'no val',
    (at) => rm(path.join(at, 'val'), { recursive: true }),
    /E_DATASET_CORRUPT.*val does not hold.*no folders/s,
  ],
])('%s are refused', async (_name, change, message) => {
  const folder = path.join(await createFolder(), 'imagenet')
  await cp(path.join(root, 'imagenet'), folder, { recursive: true })
  await change(folder)
  await expect(openByName({ use: 'imagenet', folder })).rejects.toThrow(message)
})

test('it is never downloaded', async () => {
  await expect(openByName({ use: 'imagenet', folder: 'no-imagenet' })).rejects.toThrow(
    /E_DATASET_MISSING.*"no-imagenet"/s,
  )
})

datasetContract({ plugin: data, name: 'imagenet', options: [{ folder: path.join(root, 'imagenet') }] })
