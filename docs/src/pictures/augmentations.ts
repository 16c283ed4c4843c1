import { type Batch, createRng } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import alternatingFlip from '@tricklab/plugin-alternating-flip'
import augMix from '@tricklab/plugin-aug-mix'
import colOut from '@tricklab/plugin-col-out'
import cutmix from '@tricklab/plugin-cutmix'
import mixChoice from '@tricklab/plugin-mix-choice'
import mixup from '@tricklab/plugin-mixup'
import randAugment from '@tricklab/plugin-rand-augment'
import randomErasing from '@tricklab/plugin-random-erasing'
import translate from '@tricklab/plugin-translate'
import trivialAugment from '@tricklab/plugin-trivial-augment'
import { build } from './components.ts'
import { drawing, label } from './draw.ts'
import { fish, imageAt, landscape } from './images.ts'
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

export const augMixPicture = (): Promise<Picture> =>
  sixImages(
    augmented({ use: 'aug-mix' }, augMix),
    'A landscape, and what six draws of AugMix make of it',
    'Each is a mixture of the landscape with three chains of operations on it.',
  )

export const translatePicture = async (): Promise<Picture> =>
  sixImages(
    await called({ use: 'translate', pixels: 8 }, translate),
    'A landscape, and six moves of it with mirrored edges',
    'Moves of up to 8 of 48 pixels, so that they can be seen; what comes in from outside is mirrored.',
  )

export const colOutPicture = async (): Promise<Picture> => {
  const images = await called({ use: 'col-out', rows: 0.4, columns: 0.4 }, colOut)
  return sixImages(
    tf.image.resizeNearestNeighbor(images, [size, size]),
    'A landscape, and the same without 40 per cent of its rows and columns, drawn as large',
    'Without 40 % of the rows and columns, drawn as large as before; all images of a batch lose the same.',
  )
}

/** Of six batches of a landscape and a fish, what becomes of the landscape. */
export async function mixChoicePicture(): Promise<Picture> {
  const plugins = [mixup, cutmix, mixChoice] as unknown as Plugin[]
  const context = { source: undefined as never, metrics: [] }
  const callback = build('callback', { use: 'mix-choice' }, context, ...plugins)
  const images = tf.tensor4d([...landscape(size, size).values, ...fish(size, size).values], [2, size, size, 3])
  const shown: tf.Tensor4D[] = []
  for (let step = 0; shown.length < count; step++) {
    const targets = tf.tensor2d([1, 0, 0, 1], [2, 2])
    const batch = { training: true, size: 2, step, epoch: 0, index: step, images, targets } as Batch
    const answer = (await callback.beforeBatch!(batch)) as Batch
    // An image may be its own partner, or keep nearly all of itself: there is nothing to see then.
    if (answer.targets.dataSync()[0]! < 0.9) shown.push(tf.slice(answer.images, [0, 0, 0, 0], [1, size, size, 3]))
  }
  return sixImages(
    tf.concat(shown),
    'A landscape, and six batches in which it is mixed with a fish by mixup or CutMix',
    'Six batches: each is mixed either by mixup or by CutMix.',
  )
}

/** Whether six images are mirrored in six epochs. */
export function alternatingFlipPicture(): Picture {
  const use = { use: 'alternating-flip', crop: { use: 'resize-crop', size: 8 } }
  const crop = build('crop', use, {}, alternatingFlip as unknown as Plugin)
  const rng = createRng(2)
  const cells = Array.from({ length: count }, (_, epoch) =>
    Array.from({ length: count }, (_, index) => {
      const visit = { index, epoch, repeat: 0 }
      const { flip } = crop.draw({ width: 8, height: 8 }, rng.at('crop', epoch, index), visit)
      return label(150 + 96 * index, 52 + 26 * epoch, flip ? '←' : '→', 'middle', 'strong')
    }),
  )
  return {
    svg: drawing(700, 210, 'Directions of six images in six epochs: each changes with every epoch', [
      label(10, 22, 'epoch', 'start', 'strong'),
      ...Array.from({ length: count }, (_, n) => label(150 + 96 * n, 22, `image ${n + 1}`)),
      ...Array.from({ length: count }, (_, epoch) => label(10, 52 + 26 * epoch, String(epoch + 1), 'start')),
      ...cells.flat(),
    ]),
    caption: 'The first direction of an image is random; from then on it changes with every epoch.',
  }
}
