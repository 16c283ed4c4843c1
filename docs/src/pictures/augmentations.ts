import { type Batch, createRng } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import randAugment from '@tricklab/plugin-rand-augment'
import randomErasing from '@tricklab/plugin-random-erasing'
import trivialAugment from '@tricklab/plugin-trivial-augment'
import { build } from './components.ts'
import { drawing, label } from './draw.ts'
import { imageAt, landscape } from './images.ts'
import type { Picture } from './types.ts'

const [size, count] = [48, 6]

const landscapes = () => tf.tile(tf.tensor4d(landscape(size, size).values, [1, size, size, 3]), [count, 1, 1, 1])

/** The landscape as it is and as it becomes, image by image. */
async function sixImages(changed: tf.Tensor4D, title: string, caption: string): Promise<Picture> {
  const values = changed.dataSync() as Float32Array
  const images = Array.from({ length: count }, (_, n) => values.slice(n * size * size * 3, (n + 1) * size * size * 3))
  const shown = [landscape(size, size).values, ...images]
  const parts = await Promise.all(
    shown.map((one, index) => imageAt({ width: size, height: size, values: one }, 10 + 98 * index, 10, 90)),
  )
  return { svg: drawing(700, 128, title, [...parts, label(55, 120, 'as it is', 'middle', 'strong')]), caption }
}

const augmented = (use: { readonly use: string }, plugin: unknown) =>
  build('augmentation', use, {}, plugin as Plugin).apply(landscapes() as tf.Tensor4D, createRng(3).at('picture'))

export const trivialAugmentPicture = (): Promise<Picture> =>
  sixImages(
    augmented({ use: 'trivial-augment' }, trivialAugment),
    'A landscape, and what six draws of TrivialAugment make of it',
    'One operation for each image, of a strength that is drawn anew.',
  )

export const randAugmentPicture = (): Promise<Picture> =>
  sixImages(
    augmented({ use: 'rand-augment' }, randAugment),
    'A landscape, and what six draws of RandAugment make of it',
    'Two operations for each image, all of the same strength.',
  )

/** What a callback makes of a batch of landscapes. */
async function called(
  use: { readonly use: string; readonly [option: string]: unknown },
  plugin: unknown,
): Promise<tf.Tensor4D> {
  const callback = build('callback', use, { source: undefined as never, metrics: [] }, plugin as Plugin)
  const targets = tf.tensor2d(Array(count).fill([1]))
  const batch = { training: true, size: count, step: 2, epoch: 0, index: 2, images: landscapes(), targets } as Batch
  return ((await callback.beforeBatch!(batch)) as Batch).images
}

export const randomErasingPicture = async (): Promise<Picture> =>
  sixImages(
    await called({ use: 'random-erasing', chance: 1, fill: 'noise' }, randomErasing),
    'A landscape, and six draws of random erasing with noise in a rectangle',
    'A rectangle of random size and shape, here filled with noise; by default an image is erased with a chance of one half.',
  )
