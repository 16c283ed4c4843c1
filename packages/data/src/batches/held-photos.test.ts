import { type Augmentation, createRegistry, createRng, type Dataset, type Shape } from '@tricklab/core'
import type { NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { writeImages } from '../../test/own-photos.ts'
import { data } from '../index.ts'
import { openPhotoFiles } from '../photos/open-files.ts'
import { createBatchSource, type PhotoSetup } from './source.ts'

const registry = createRegistry([data])
const create = <K extends 'crop' | 'augmentation'>(kind: K, use: object) =>
  registry.create(kind, registry.normalize(kind, use as NormalUse, 'test').use, {})

const setup = (more: Partial<PhotoSetup> = {}): PhotoSetup => ({
  train: { crop: create('crop', { use: 'random-resized-crop', size: 12, minScale: 0.35 }), augment: [] },
  valid: { crop: create('crop', { use: 'resize-crop', size: 12, method: 'squish' }) },
  workers: 0,
  ...more,
})
const options = { batchSize: 4, shuffle: true, dropLast: false, normalize: { kind: 'none' } } as const

beforeAll(async () => {
  await prepareEngine('cpu')
})

async function collect(dataset: Dataset, photos: PhotoSetup, split: 'train' | 'valid' = 'train', epoch = 0) {
  const source = await createBatchSource(dataset, { ...options, photos }, createRng(1))
  const values: number[] = []
  const labels: number[] = []
  for await (const { images, targets } of source.read(split, epoch, 0)) {
    expect(images.shape.slice(1)).toEqual([
      ...(split === 'train' ? (source.trainShape ?? source.imageShape) : source.imageShape),
    ])
    values.push(...images.dataSync())
    labels.push(...tf.tidy(() => tf.argMax(targets, 1).dataSync()))
    tf.dispose([images, targets])
  }
  source.dispose?.()
  return { values, labels, shape: source.imageShape }
}

test('ready-made images are cropped as a photo of the same pixels is', async () => {
  const root = await createFolder()
  const names = ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']
  await writeImages(root, names)
  for (const name of names)
    await sharp(await sharp(`${root}/${name}`).resize(20, 16, { fit: 'fill' }).toBuffer()).toFile(`${root}/${name}`)
  const files = names.map((file, index) => ({
    file,
    label: Number(file.startsWith('b')),
    split: index % 2 === 0 ? ('train' as const) : ('valid' as const),
  }))
  const photos = await openPhotoFiles(root, files, {
    classes: ['a', 'b'],
    onBadImage: 'fail',
    shrink: { train: 0, valid: 0 },
    cache: `${root}/index`,
    log: () => {},
  })
  const arrays: Dataset = {
    classes: photos.classes,
    digest: photos.digest,
    size: (split) => photos.size(split),
    read: (split, index) => photos.read(split, index),
  }
  for (const split of ['train', 'valid'] as const) {
    const made = await collect(arrays, setup(), split)
    expect(made).toEqual(await collect(photos, setup(), split))
    expect(await collect(arrays, setup({ workers: 2 }), split)).toEqual(made)
  }
})

const shapes: Shape[] = [
  [9, 7, 1],
  [9, 7, 3],
]
test.each(shapes)(
  '%i × %i × %i keeps its channels, with and without augmentations, on threads and tensors',
  async (...shape) => {
    const dataset = createMemoryDataset({ train: 10, valid: 5 }, shape)
    const augment: Augmentation[] = [create('augmentation', { use: 'aug-transforms', size: 8 })]
    const onTensors: Augmentation[] = augment.map(({ plan: _plan, ...rest }) => rest)
    const { crop } = setup().train
    for (const steps of [[], augment, onTensors]) {
      const photos = setup({ train: { crop, augment: steps } })
      const { values, shape: made } = await collect(dataset, photos)
      const size = steps.length === 0 ? 12 : 8
      expect(made).toEqual([12, 12, shape[2]])
      expect(values).toHaveLength(10 * size * size * shape[2])
      expect(await collect(dataset, photos)).toMatchObject({ values })
      expect((await collect(dataset, photos, 'train', 1)).values).not.toEqual(values)
    }
  },
)

test('the whole of an image in its own size is the image: labels, order and normalisation as without crops', async () => {
  const dataset = createMemoryDataset({ train: 10, valid: 5 }, [8, 8, 1])
  const whole = create('crop', { use: 'resize-crop', size: 8 })
  const read = async (photos: PhotoSetup | undefined) => {
    const given = { ...options, normalize: { kind: 'fixed', mean: [0.3], std: [0.2] }, photos } as const
    const source = await createBatchSource(dataset, given, createRng(1))
    const batches: number[][] = []
    for await (const { images, targets } of source.read('train', 0, 0)) {
      batches.push([...images.dataSync(), ...targets.dataSync()])
      tf.dispose([images, targets])
    }
    return batches
  }
  expect(await read({ train: { crop: whole, augment: [] }, valid: { crop: whole }, workers: 0 })).toEqual(
    await read(undefined),
  )
})

test('a small part of a large image is cut from its pixels', async () => {
  const dataset = createMemoryDataset({ train: 2, valid: 1 }, [64, 64, 3])
  const photos = setup({ valid: { crop: create('crop', { use: 'resize-center-crop', size: 4, margin: 0 }) } })
  const { values } = await collect(dataset, photos, 'valid')
  const { pixels } = dataset.readSync('valid', 0)
  const mean = (of: ArrayLike<number>) => Array.from(of).reduce((sum, value) => sum + value, 0) / of.length
  expect(mean(values)).toBeCloseTo(mean(pixels) / 255, 1)
})

test('two or four channels cannot be cropped; a list of labels is refused', async () => {
  const pair = createMemoryDataset({ train: 2, valid: 1 }, [8, 8, 2])
  await expect(collect(pair, setup())).rejects.toThrow(/E_SHAPE.*2 channels/s)
  const memory = createMemoryDataset({ train: 4, valid: 1 }, [8, 8, 1])
  const many = {
    ...memory,
    readSync: (...of: Parameters<typeof memory.readSync>) => ({ ...memory.readSync(...of), label: [0, 2] }),
  }
  await expect(collect(many as unknown as Dataset, setup())).rejects.toThrow(/E_MULTI_LABEL.*\[0, 2\]/s)
})
