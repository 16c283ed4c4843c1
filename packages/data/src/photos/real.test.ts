import { stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRegistry, createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { createBatchSource } from '../batches/source.ts'
import { data } from '../index.ts'
import { findDuplicates } from './duplicates.ts'
import type { PhotoDataset } from './open-files.ts'

const beside = fileURLToPath(new URL('../../../../../shared/data', import.meta.url))

/** The re-encoded set: in TRICKLAB_DATA, or beside the repository. */
async function findArchive(): Promise<string | undefined> {
  for (const folder of [...(process.env.TRICKLAB_DATA ?? '').split(path.delimiter), beside]) {
    const file = path.join(folder, 'imagewoof2-224.tgz')
    if (folder !== '' && (await stat(file).catch(() => undefined))?.isFile()) return file
  }
  return undefined
}

test('real Imagewoof photos: counts, digest, v1 split, duplicates, batches', { timeout: 600_000 }, async ({ skip }) => {
  const archive = await findArchive()
  if (archive === undefined) return skip('imagewoof2-224.tgz is neither in TRICKLAB_DATA nor beside the repository')
  await prepareEngine('cpu')
  vi.stubEnv('TRICKLAB_CACHE', await createFolder())
  vi.stubEnv('TRICKLAB_OFFLINE', '1')
  vi.stubEnv('TRICKLAB_DECODED_GB', '0')
  const registry = createRegistry([data])
  const open = async (name: string) => {
    const { use } = registry.normalize('dataset', name, 'test')
    const context = { dataPaths: [archive], onProgress: () => {} }
    return (await registry.create('dataset', use, context)) as PhotoDataset
  }
  const two = await open('imagewoof2')
  expect([two.size('train'), two.size('valid')]).toEqual([9025, 3929])
  expect(two.digest).toBe('b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364')
  const origin =
    /re-encoded from 320 px to a shorter side of 224 px, no official archive, from imagewoof2-224\.tgz \(the recipe asks for imagewoof2\)/
  expect(two.note).toMatch(origin)
  const one = await open('imagewoof')
  expect(one.note).toMatch(origin)
  expect([one.size('train'), one.size('valid')]).toEqual([12454, 500])
  expect(Array.from({ length: 500 }, (_, i) => one.photo('valid', i).label)).toEqual(
    Array.from({ length: 500 }, (_, i) => Math.floor(i / 50)),
  )
  const names = (file: string) => path.posix.basename(file, '.JPEG')
  const conflicting = findDuplicates(two).filter(({ conflicting }) => conflicting)
  const pairs = conflicting.map(({ photos }) =>
    photos
      .map(({ file }) => names(file))
      .sort()
      .join(' = '),
  )
  expect(pairs.sort()).toEqual([
    'n02086240_9520 = n02093754_5915',
    'n02087394_12539 = n02089973_2860',
    'n02093754_4120 = n02096294_1992',
  ])

  const make = (kind: 'crop', use: string) =>
    registry.create(kind, registry.normalize(kind, { use, size: 128 } as never, 'test').use, {})
  const read = async (workers: number): Promise<Float32Array | undefined> => {
    const photos = {
      train: { crop: make('crop', 'random-resized-crop'), augment: [] },
      valid: { crop: make('crop', 'squash-center-crop') },
      workers,
    }
    const options = { batchSize: 16, shuffle: true, dropLast: true, normalize: { kind: 'imagenet' }, photos } as const
    const source = await createBatchSource(two, options, createRng(1))
    for await (const { images, targets } of source.read('train', 0, 3)) {
      const values = Float32Array.from(images.dataSync())
      tf.dispose([images, targets])
      return values
    }
    return undefined
  }
  const values = (await read(0))!
  expect(values.length).toBe(16 * 128 * 128 * 3)
  expect(await read(3)).toEqual(values)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  expect(Math.abs(mean)).toBeLessThan(0.5)
})
