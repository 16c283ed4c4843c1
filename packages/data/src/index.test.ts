import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createRng, type DatasetContext, type Services } from '@tricklab/core'
import type { Component, Registrar } from '@tricklab/core/plugin'
import { afterEach, expect, test, vi } from 'vitest'
import { createFolder } from '../test/folder.ts'
import { fashionMnistSet } from './fashion-mnist/dataset.ts'
import { data, readImageSize } from './index.ts'

const datasets = new Map<string, Component<'dataset'>>()
const on = {
  dataset: (name: string, component: Component<'dataset'>) => {
    datasets.set(name, component)
    return { kind: 'dataset', name, component }
  },
  crop: () => undefined,
  augmentation: () => undefined,
  sampler: () => undefined,
} as unknown as Registrar
data.register(on)

const context: DatasetContext & Services = { dataPaths: [], log: () => {}, onProgress: () => {}, rng: createRng(0) }

afterEach(() => {
  vi.unstubAllEnvs()
})

test('the plugin registers the datasets', () => {
  const photos = ['imagenette2', 'imagewoof2', 'imagenette', 'imagewoof']
  expect([...datasets.keys()]).toEqual([
    'fashion-mnist',
    'mnist',
    'cifar10',
    'cifar100',
    'synthetic',
    ...photos,
    'image-folder',
    'csv-images',
    'imagenet',
  ])
})

test('a broken photo read through the public function is named', async () => {
  await expect(readImageSize(Buffer.from('no photo'), 'some/dog.JPEG')).rejects.toThrow(
    /\[E_DATASET_CORRUPT\] some\/dog\.JPEG cannot be decoded/,
  )
})

test('a bad file in --data is refused, not passed over', async () => {
  const { folder } = await prepare('data')
  const creating = datasets.get('fashion-mnist')!.create({}, { ...context, dataPaths: [folder] })
  await expect(creating).rejects.toThrow(/E_DATASET_CORRUPT.*Fix: put the published file in its place/)
})

test('a bad file in the cache is refused with the command that removes it', async () => {
  const { folder } = await prepare('cache/fashion-mnist')
  const creating = datasets.get('fashion-mnist')!.create({}, context)
  await expect(creating).rejects.toThrow(`Fix: rm "${path.join(folder, `${fashionMnistSet.files[0]!.name}.gz`)}"`)
})

/** Four files with the right names and wrong content, in a folder below one that holds the cache. */
async function prepare(place: string): Promise<{ folder: string }> {
  const root = await createFolder()
  const folder = path.join(root, place)
  vi.stubEnv('TRICKLAB_CACHE', path.join(root, 'cache'))
  vi.stubEnv('TRICKLAB_OFFLINE', '1')
  await mkdir(folder, { recursive: true })
  for (const { name } of fashionMnistSet.files) await writeFile(path.join(folder, `${name}.gz`), 'no gzip file')
  return { folder }
}
