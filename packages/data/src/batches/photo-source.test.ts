import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Augmentation, createRegistry, createRng, type Dataset } from '@tricklab/core'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import sharp from 'sharp'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { smallFamily, writePhotos } from '../../test/photos.ts'
import { data } from '../index.ts'
import { openPhotoFolder } from '../photos/dataset.ts'
import { createRandomSplit } from '../split/random-split.ts'
import { createBatchSource, type PhotoSetup } from './source.ts'

const registry = createRegistry([data])
const crop = (use: string, options: object) => {
  const { use: normal } = registry.normalize('crop', { use, ...options } as NormalUse, 'test')
  return registry.create('crop', normal, {})
}
const photos = (more: Partial<PhotoSetup> = {}): PhotoSetup => ({
  train: { crop: crop('random-resized-crop', { size: 24, minScale: 0.35 }), augment: [] },
  valid: { crop: crop('resize-center-crop', { size: 24, margin: 6 }) },
  workers: 0,
  ...more,
})

beforeAll(async () => {
  await prepareEngine('cpu')
})
beforeEach(() => {
  vi.stubEnv('TRICKLAB_DECODED_GB', '0')
})

async function openSmall(sizes?: { width: number; height: number }, shrink = { train: 0, valid: 0 }) {
  const folder = await createFolder()
  const root = path.join(folder, 'small2')
  await writePhotos(root, sizes)
  return { folder, root, dataset: await openFolder(root, shrink) }
}

function openFolder(root: string, shrink = { train: 0, valid: 0 }, rendering = {}) {
  const options = { family: smallFamily, version: 2, onBadImage: 'fail', notes: [], log: () => {} } as const
  return openPhotoFolder(root, { ...options, shrink, rendering, cache: path.join(root, '..', 'index') })
}

const options = { batchSize: 2, shuffle: true, dropLast: false, normalize: { kind: 'imagenet' } } as const

async function collect(dataset: Dataset, setup: PhotoSetup, epoch = 0, from = 0, split: 'train' | 'valid' = 'train') {
  const source = await createBatchSource(dataset, { ...options, photos: setup }, createRng(1))
  const batches: string[] = []
  for await (const { images, targets } of source.read(split, epoch, from)) {
    expect(images.shape.slice(1)).toEqual([...source.imageShape])
    batches.push(
      `${Buffer.from(new Uint8Array(images.dataSync().slice().buffer)).toString('base64')}|${targets.dataSync()}`,
    )
    tf.dispose([images, targets])
  }
  source.dispose?.()
  return batches
}

test('the number of workers and the batches ahead change no byte', async () => {
  const { dataset } = await openSmall()
  const wanted = await collect(dataset, photos())
  expect(wanted).toHaveLength(3)
  for (const [workers, prefetch] of [
    [1, 1],
    [3, 2],
    [3, 9],
  ] as const) {
    expect(await collect(dataset, photos({ workers, prefetch }))).toEqual(wanted)
  }
  expect(await collect(dataset, photos({ workers: 3 }), 0, 0, 'valid')).toEqual(
    await collect(dataset, photos(), 0, 0, 'valid'),
  )
})

test('augmentation in threads: the same bytes for any number, about those of the tensors, normalised', async () => {
  const { dataset } = await openSmall()
  const { use } = registry.normalize('augmentation', { use: 'aug-transforms', ...{ size: 20, minScale: 0.5 } }, 'test')
  const augmentation = registry.create('augmentation', use, {})
  const { output, apply } = augmentation
  const train = (augment: readonly Augmentation[]) => ({
    train: { crop: crop('resize-crop', { size: 30 }), augment },
    valid: { crop: crop('resize-crop', { size: 20 }) },
  })
  const wanted = await collect(dataset, photos(train([augmentation])))
  for (const workers of [1, 3]) {
    expect(await collect(dataset, photos({ ...train([augmentation]), workers }))).toEqual(wanted)
  }
  expect(await collect(dataset, photos(train([augmentation])), 1)).not.toEqual(wanted)
  const tensors = tf.memory().numTensors
  const values = (batch: string) =>
    new Float32Array(Uint8Array.from(Buffer.from(batch.split('|')[0]!, 'base64')).buffer)
  // Without its plan it is applied to tensors, and so is one behind another.
  const still: Augmentation = { apply: (images) => tf.clone(images) }
  for (const augment of [[{ output: output!, apply }], [augmentation, still]] satisfies Augmentation[][]) {
    const other = await collect(dataset, photos(train(augment)))
    expect(other).toHaveLength(wanted.length)
    for (const [i, batch] of other.entries()) {
      const [ours, theirs] = [values(wanted[i]!), values(batch)]
      expect(theirs.length).toBe(ours.length)
      for (let k = 0; k < ours.length; k += 7) expect(Math.abs(ours[k]! - theirs[k]!)).toBeLessThan(1e-3)
    }
  }
  expect(tf.memory().numTensors).toBe(tensors)
})

test('photos that are shrunk when read give the batches of photos stored so, with and without the store', async () => {
  // Large enough that a crop is content with half of a validation photo.
  const shrink = { train: 100, valid: 200 }
  const { folder, dataset } = await openSmall({ width: 400, height: 300 }, shrink)
  const copy = path.join(folder, 'shrunk')
  for (const split of ['train', 'valid'] as const) {
    for (let index = 0; index < dataset.size(split); index++) {
      const { pixels, shape } = await dataset.read(split, index)
      const file = path.join(copy, dataset.photo(split, index).file).replace(/JPEG$/, 'png')
      await mkdir(path.dirname(file), { recursive: true })
      const raw = { width: shape[1], height: shape[0], channels: 3 } as const
      await writeFile(file, await sharp(pixels, { raw }).png().toBuffer())
    }
  }
  const stored = await openFolder(copy)
  expect([stored.photo('train', 0).height, stored.photo('valid', 0).height]).toEqual([100, 200])
  const read = async (of: Dataset) => [
    ...(await collect(of, photos())),
    ...(await collect(of, photos({ workers: 2 }), 0, 0, 'valid')),
  ]
  const wanted = await read(stored)
  expect(await read(dataset)).toEqual(wanted)
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  for (const _ of ['written', 'read']) expect(await read(dataset)).toEqual(wanted)
})

test('a shrunk photo is not taken for one that was decoded to the same size', async () => {
  const { root, folder, dataset } = await openSmall({ width: 400, height: 300 })
  const first = (of: Dataset): Dataset => ({ ...of, size: () => 1 })
  // 410 × 306, of which a crop decodes half: the size to which the dataset shrinks it.
  expect(dataset.photo('train', 0)).toMatchObject({ width: 410, height: 306 })
  const shrunk = await openFolder(root, { train: 153, valid: 0 })
  expect(shrunk.photo('train', 0)).toMatchObject({ width: 205, height: 153 })
  const wanted = await collect(first(shrunk), photos())
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  expect(await collect(first(dataset), photos())).not.toEqual(wanted)
  expect(await collect(first(shrunk), photos())).toEqual(wanted)
})

test('a limited run is normalised by the photos that it learns from, of every class', async () => {
  const { dataset } = await openSmall()
  const read: number[] = []
  const watched: Dataset = {
    ...dataset,
    read: (split, index) => {
      read.push(index)
      return dataset.read(split, index)
    },
  }
  // 3 + 2 photos: of two at equal distances one is of the second class.
  const limited = { ...options, normalize: { kind: 'sample-scalar', images: 9 }, photos: photos() } as const
  await createBatchSource(watched, { ...limited, limits: { train: 2 } }, createRng(1))
  expect(read.sort()).toEqual([0, 2])
  read.length = 0
  await createBatchSource(watched, limited, createRng(1))
  expect(read.sort()).toEqual([0, 1, 2, 3, 4])
})

test('a photo that is gone meanwhile is named, whoever reads it', async () => {
  const { dataset } = await openSmall()
  await rm(dataset.photo('train', 1).path)
  for (const workers of [0, 2]) {
    await expect(collect(dataset, photos({ workers }))).rejects.toThrow(
      /E_DATASET_READ.*JPEG cannot be read \(it is gone\)/,
    )
  }
})

test('workers and the store turn and convert photos where the dataset asks for it', async () => {
  const { root, folder, dataset } = await openSmall()
  for (const split of ['train', 'valid'] as const) {
    for (let index = 0; index < dataset.size(split); index++) {
      const { path: file } = dataset.photo(split, index)
      await writeFile(
        file,
        await sharp(await readFile(file))
          .withMetadata({ orientation: 6 })
          .withIccProfile('p3')
          .toBuffer(),
      )
    }
  }
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  const renderings = [{}, { upright: true }, { srgb: true }, { upright: true, srgb: true }]
  const read = async (rendering: object, workers: number) =>
    (await collect(await openFolder(root, undefined, rendering), photos({ workers }))).join()
  const first = []
  for (const rendering of renderings) first.push(await read(rendering, 2))
  expect(new Set(first).size).toBe(4)
  for (const [i, rendering] of renderings.entries()) expect(await read(rendering, 0)).toBe(first[i])
})

test('an epoch resumes at any batch with the same bytes; another epoch draws anew; validation never does', async () => {
  const { dataset } = await openSmall()
  const whole = await collect(dataset, photos(), 4)
  expect(await collect(dataset, photos(), 4, 1)).toEqual(whole.slice(1))
  expect(await collect(dataset, photos(), 4, 3)).toEqual([])
  expect(await collect(dataset, photos(), 5)).not.toEqual(whole)
  const valid = await collect(dataset, photos(), 0, 0, 'valid')
  expect(await collect(dataset, photos(), 7, 0, 'valid')).toEqual(valid)
})

test('decoded images are stored, read, verified and repaired without changing a byte', async () => {
  const { dataset, folder } = await openSmall()
  const wanted = await collect(dataset, photos())
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  for (const workers of [0, 2]) expect(await collect(dataset, photos({ workers }))).toEqual(wanted)
  const place = path.join(folder, 'photos', 'decoded')
  const names = await readdir(place)
  const file = path.join(place, names.find((name) => name.endsWith('.images'))!)
  const table = path.join(place, names.find((name) => name.endsWith('.table'))!)
  const stored = await readFile(file)
  expect(stored.length).toBe(
    [40, 45, 50, 40, 45].reduce((sum, w, i) => sum + w * [30, 33, 36, 30, 33][i]! * 3, 0) + (40 * 30 * 2 + 45 * 33) * 3,
  )
  expect([...(await readFile(table)).subarray(-8)].sort()).toEqual([0, 0, 0, 1, 1, 1, 1, 1])

  stored.fill(7, 2000, 9000)
  await writeFile(file, stored)
  expect(await collect(dataset, photos())).toEqual(wanted)
  await truncate(file, 100)
  expect(await collect(dataset, photos({ workers: 2 }))).toEqual(wanted)
  await writeFile(table, 'not a table')
  expect(await collect(dataset, photos())).toEqual(wanted)
})

test('random splits of one dataset share the file of decoded images', async () => {
  const { dataset, folder } = await openSmall()
  const split = (key: number) => createRandomSplit(dataset, 0.4, createRng(1).at('split', key))
  expect(split(1).digest).not.toBe(split(2).digest)
  vi.stubEnv('TRICKLAB_DECODED_GB', '0')
  const wanted = await collect(split(2), photos())
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  for (const part of ['train', 'valid'] as const) await collect(split(1), photos(), 0, 0, part)
  expect(await collect(split(2), photos())).toEqual(wanted)
  const place = path.join(folder, 'photos', 'decoded')
  const names = await readdir(place)
  expect(names.map((name) => path.extname(name)).sort()).toEqual(['.images', '.table'])
  const table = path.join(place, names.find((name) => name.endsWith('.table'))!)
  expect([...(await readFile(table)).subarray(-8)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
})

test('large photos are decoded at a fraction of their size, with and without the store', async () => {
  const { dataset, folder } = await openSmall({ width: 400, height: 300 })
  const wanted = await collect(dataset, photos())
  vi.stubEnv('TRICKLAB_DECODED_GB', '1')
  vi.stubEnv('TRICKLAB_CACHE', folder)
  expect(await collect(dataset, photos({ workers: 1 }))).toEqual(wanted)
  expect(await collect(dataset, photos({ workers: 1 }))).toEqual(wanted)
  const place = path.join(folder, 'photos', 'decoded')
  const name = (await readdir(place)).find((entry) => entry.endsWith('.images'))!
  expect((await readFile(path.join(place, name))).length).toBeLessThan(400 * 300 * 3 * 5)
})

test('buffers are used again: their number does not grow with the batches', async () => {
  const { dataset } = await openSmall()
  const made: number[] = []
  class Counted extends SharedArrayBuffer {
    constructor(length: number) {
      super(length)
      if (length > 1000) made.push(length)
    }
  }
  vi.stubGlobal('SharedArrayBuffer', Counted)
  try {
    const source = await createBatchSource(dataset, { ...options, batchSize: 1, photos: photos() }, createRng(1))
    for (let epoch = 0; epoch < 4; epoch++) {
      for await (const { images, targets } of source.read('train', epoch, 0)) tf.dispose([images, targets])
    }
  } finally {
    vi.unstubAllGlobals()
  }
  expect(made.length).toBeLessThanOrEqual(3)
})

test('leaving an epoch early leaks no tensor and the next one is as ever', async () => {
  const { dataset } = await openSmall()
  const source = await createBatchSource(dataset, { ...options, photos: photos({ workers: 1 }) }, createRng(1))
  const before = tf.memory().numTensors
  for await (const { images, targets } of source.read('train', 0, 0)) {
    tf.dispose([images, targets])
    break
  }
  expect(tf.memory().numTensors).toBe(before)
  expect(await collect(dataset, photos({ workers: 1 }))).toEqual(await collect(dataset, photos()))
})

test('a photo that goes bad meanwhile is named, whoever decodes it', async () => {
  const { dataset, root } = await openSmall()
  await writeFile(path.join(root, 'train/n002/train_n002_0.JPEG'), 'gone bad')
  for (const workers of [0, 2]) {
    await expect(collect(dataset, photos({ workers }))).rejects.toThrow(
      /E_DATASET_CORRUPT.*train_n002_0\.JPEG cannot be/,
    )
  }
})

test('a photo smaller than the crop is refused before the start where the recipe says so', async () => {
  const { dataset } = await openSmall()
  const refusing = photos({
    train: { crop: crop('random-resized-crop', { size: 32, smallImages: 'refuse' }), augment: [] },
  })
  const valid = { crop: crop('squash-center-crop', { size: 32 }) }
  await expect(collect(dataset, { ...refusing, valid })).rejects.toThrow(
    /E_SHAPE.*\.JPEG: An image is smaller than the crop/,
  )
})

test('photos without crops are refused', async () => {
  const { dataset } = await openSmall()
  await expect(createBatchSource(dataset, options, createRng(1))).rejects.toThrow(/E_RECIPE.*consists of photos/)
})

test('validation may have another size than training', async () => {
  const { dataset } = await openSmall()
  const setup = photos({ valid: { crop: crop('resize-crop', { size: 30 }) } })
  const source = await createBatchSource(dataset, { ...options, photos: setup }, createRng(1))
  expect([source.trainShape, source.imageShape]).toEqual([
    [24, 24, 3],
    [30, 30, 3],
  ])
  for (const split of ['train', 'valid'] as const) {
    for await (const { images, targets } of source.read(split, 0, 0)) {
      expect(images.shape.slice(1)).toEqual(split === 'train' ? [24, 24, 3] : [30, 30, 3])
      tf.dispose([images, targets])
    }
  }
})

test('a limit takes photos of every class', async () => {
  const { dataset } = await openSmall()
  const limited = { ...options, shuffle: false, limits: { train: 3, valid: 1 }, photos: photos() }
  const source = await createBatchSource(dataset, limited, createRng(1))
  const classes: number[] = []
  for await (const { images, targets } of source.read('train', 0, 0)) {
    classes.push(...tf.tidy(() => tf.argMax(targets, 1).dataSync()))
    tf.dispose([images, targets])
  }
  expect(classes).toEqual([0, 0, 1])
  expect(source.samples('valid')).toBe(1)
})

test('whoever asks for more than the limit, the disk or the folder gives hears of it; zero is silent', async () => {
  const { dataset, folder } = await openSmall()
  const wanted = await collect(dataset, photos())
  vi.stubEnv('TRICKLAB_CACHE', folder)
  const notices: string[] = []
  const notice = (message: string) => notices.push(message)
  const check = async (gigabytes: string) => {
    notices.length = 0
    vi.stubEnv('TRICKLAB_DECODED_GB', gigabytes)
    expect(await collect(dataset, photos({ notice }))).toEqual(wanted)
    return notices
  }
  expect(await check('0')).toEqual([])
  expect(await check('0.00001')).toEqual([expect.stringMatching(/more than the 0\.00001 of TRICKLAB_DECODED_GB/)])
  await writeFile(path.join(folder, 'photos'), 'a file where the folder should be')
  expect(await check('1')).toEqual([expect.stringMatching(/cannot be kept in .*decoded anew in every epoch/)])
  vi.stubEnv('TRICKLAB_DECODED_GB', 'much')
  await expect(collect(dataset, photos())).rejects.toThrow(/E_OPTION_RANGE.*TRICKLAB_DECODED_GB.*"much"/)
  vi.stubEnv('TRICKLAB_WORKERS', '1.5')
  const { train, valid } = photos()
  const source = createBatchSource(dataset, { ...options, photos: { train, valid } }, createRng(1))
  await expect(source).rejects.toThrow(/E_OPTION_RANGE.*TRICKLAB_WORKERS.*whole number/)
  vi.unstubAllEnvs()
})

test('signals and timers get a turn at every batch, however many are ready', async () => {
  const { dataset } = await openSmall()
  const setup = { ...options, photos: photos({ workers: 1, prefetch: 9 }) }
  const source = await createBatchSource(dataset, setup, createRng(1))
  const batches = source.read('train', 0, 0)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await batches.next()
    if (done !== true) tf.dispose([value.images, value.targets])
    return done
  }
  await next()
  await setTimeout(300) // all others are ready
  let turned = false
  const turns: boolean[] = []
  for (;;) {
    turned = false
    setImmediate(() => {
      turned = true
    })
    if ((await next()) === true) break
    turns.push(turned)
  }
  source.dispose?.()
  expect(turns).toEqual([true, true])
})
