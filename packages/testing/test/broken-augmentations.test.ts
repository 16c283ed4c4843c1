/** Augmentations that break one promise each. */
import { type Augmentation, definePlugin, opt, type Stream } from '@tricklab/core'
import type { ImageTransform } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { checkAugmentation } from '../src/index.ts'
import { type Broken, describeBroken } from './broken.ts'

/** Mirrors images with a chance, and shifts the logits of the others. */
const choose = (stream: Stream, batch: number, chance: number) =>
  Array.from({ length: batch }, () => {
    const mirrored = stream.uniform() < chance
    return { mirrored, shift: (2 * stream.uniform() - 1) * chance }
  })

function createAugmentation(chance: number): Augmentation {
  return {
    apply(images, stream) {
      const parts = choose(stream, images.shape[0], chance).map(({ mirrored, shift }, index) => {
        const image = tf.slice4d(images, [index, 0, 0, 0], [1, -1, -1, -1])
        const x = tf.clipByValue(mirrored ? tf.reverse(image, 2) : image, 1e-7, 1 - 1e-7)
        return tf.sigmoid(tf.add(tf.log(tf.div(x, tf.sub(1, x))), shift)) as tf.Tensor4D
      })
      return tf.concat4d(parts, 0)
    },
    plan: (stream, batch) =>
      choose(stream, batch, chance).map(({ mirrored, shift }) => ({
        map: [mirrored ? -1 : 1, 0, 0, 0, 1, 0, 0, 0, 1],
        light: { shift, contrast: 1 },
      })),
  }
}

const plugin = (change: (good: Augmentation) => Augmentation = (good) => good) =>
  definePlugin({
    name: 'augmentations',
    core: '^0.1.0',
    register: (on) =>
      on.augmentation('mirror', {
        doc: 'An augmentation.',
        options: { chance: opt.number({ min: 0, max: 1, default: 0.5, doc: 'Chance.' }) },
        create: ({ chance }) => change(createAugmentation(chance)),
      }),
  })

const broken = (
  breakage: string,
  check: string,
  message: RegExp,
  change: (good: Augmentation) => Partial<Augmentation>,
): Broken => ({ breakage, check, message, plugin: plugin((good) => ({ ...good, ...change(good) })) })

/** Changes the images that come out. */
const applying = (change: (images: tf.Tensor4D, before: tf.Tensor4D) => tf.Tensor) => (good: Augmentation) => ({
  apply: (images: tf.Tensor4D, stream: Stream) => change(good.apply(images, stream), images) as tf.Tensor4D,
})

const planning = (change: (plan: readonly ImageTransform[]) => readonly ImageTransform[]) => (good: Augmentation) => ({
  plan: (...given: Parameters<NonNullable<Augmentation['plan']>>) => change(good.plan!(...given)),
})

const size = 'the declared size is the real one, for batches of 1 and of odd sizes'
const stream = 'the same stream gives the same bits, another stream others'
const plan = 'the plan says what is done'
let calls = 0

describeBroken(
  { plugin: plugin(), name: 'mirror' },
  (spec, only) => checkAugmentation({ ...spec, off: { chance: 0 } }, only),
  [
    broken(
      'dims at chance 0',
      'off passes images unchanged',
      /^off changes pixels of a batch of 3 images of 9 × 13 by up to 0\.1/,
      applying((images) => tf.mul(images, 0.9)),
    ),
    broken('declares another size', size, /^a batch of 1 .* came out as \[1,13,9,3\]; declared is \[1,5,5,3\]/, () => ({
      output: () => ({ width: 5, height: 5 }),
    })),
    broken(
      'takes pairs',
      size,
      /^a batch of 1 .* came out as \[0,13,9,3\]; declared is \[1,13,9,3\]/,
      applying((images) => tf.slice(images, [0, 0, 0, 0], [2 * Math.floor(images.shape[0] / 2), -1, -1, -1])),
    ),
    broken(
      'brightens beyond white',
      'pixels stay in [0, 1]',
      /got a pixel of 1\./,
      applying((images) => tf.add(images, 0.1)),
    ),
    broken(
      'counts its calls',
      stream,
      /changed twice with one stream: \d+ of \d+ numbers differ/,
      applying((images) => tf.mul(images, 1 / ++calls)),
    ),
    broken('draws nothing', stream, /^nine streams change a batch of 1 .* in the same way/, () => ({
      apply: (images) => tf.clone(images),
    })),
    broken(
      'plans for one image',
      plan,
      /^the plan for a batch of 3 images of 9 × 13 has 1 entries/,
      planning(([first]) => [first!]),
    ),
    broken(
      'plans another light',
      plan,
      /^element \d+ of a batch of 1 .*: the plan gives .*, apply/,
      planning((transforms) => transforms.map((transform) => ({ ...transform, light: { shift: 0.01, contrast: 1 } }))),
    ),
    broken(
      'plans another place',
      plan,
      /^element \d+ of a batch of 1 .*: the plan gives .*, apply/,
      planning((transforms) =>
        transforms.map(({ map = [], ...rest }) => ({ ...rest, map: [...map.slice(0, 2), 0.02, ...map.slice(3)] })),
      ),
    ),
    broken('hands back the images', 'inputs are left as they were', /^the images themselves come back/, () => ({
      apply: (images) => images,
    })),
    broken(
      'disposes of its input',
      'inputs are left as they were',
      /^the images were disposed of/,
      applying((images, before) => {
        before.dispose()
        return images
      }),
    ),
    broken(
      'keeps a tensor',
      'no tensor is left over',
      /^after a batch: 1 tensor is left/,
      applying((images) => {
        tf.keep(tf.scalar(1))
        return images
      }),
    ),
  ],
)
