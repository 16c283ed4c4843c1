import { createHash } from 'node:crypto'
import { canonicalJson, type Dataset, fail, type OptionValues, opt, type Sample, type Split } from '@tricklab/core'

export const options = {
  imageSize: opt.integer({ min: 2, max: 256, default: 16, unit: 'pixels', doc: 'Height and width of the images.' }),
  trainSize: opt.integer({ min: 1, default: 256, unit: 'images', doc: 'Number of training images.' }),
  validSize: opt.integer({ min: 1, default: 64, unit: 'images', doc: 'Number of validation images.' }),
}

/** Stripes of two pixels, across or down, shifted from image to image. @shape `[size, size, 1]` */
export function drawMyTrick(label: number, shift: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, pixel) => {
    const place = label === 0 ? Math.floor(pixel / size) : pixel % size
    return Math.floor((place + shift) / 2) % 2 === 0 ? 255 : 0
  })
}

/** Two classes of stripes. Replace by your own data: files below one of `context.dataPaths`, or a download. */
export function createMyTrick(values: OptionValues<typeof options>): Dataset {
  const { imageSize } = values
  const sizes = { train: values.trainSize, valid: values.validSize }

  function readSync(split: Split, index: number): Sample {
    if (!Number.isInteger(index) || index < 0 || index >= sizes[split]) {
      fail('E_INTERNAL', {
        what: `A sample was asked for that the ${split} split does not have.`,
        expected: `index from 0 to ${sizes[split] - 1}.`,
        received: `${index}.`,
      })
    }
    const label = index % 2
    return { pixels: drawMyTrick(label, index >> 1, imageSize), shape: [imageSize, imageSize, 1], label }
  }

  return {
    classes: ['across', 'down'],
    // Whatever decides a byte of the data goes in: equal digests mean equal images and labels.
    digest: createHash('sha256')
      .update(canonicalJson({ dataset: 'my-trick', version: 1, ...values }))
      .digest('hex'),
    size: (split) => sizes[split],
    read: async (split, index) => readSync(split, index),
    readSync,
  }
}
