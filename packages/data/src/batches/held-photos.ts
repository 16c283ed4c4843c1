import { type Dataset, fail, type Sample, type Split } from '@tricklab/core'
import type { Photo } from '@tricklab/core/contracts'
import type { Pixels } from '../pixels/resample.ts'
import { checkSample } from './check-sample.ts'

/** Ready-made images as crops take them: as photos that are decoded already, all of one size. */
export interface HeldPhotos extends Dataset {
  /** Grey images are cropped as three equal channels, of which one remains. */
  readonly channels: 1 | 3
  /** What is known of an image before it is read; its label is not. */
  photo(split: Split, index: number): Photo
  load(split: Split, index: number): Promise<{ readonly pixels: Pixels; readonly label: number }>
}

/** @errors E_SHAPE for images of other than one or three channels */
export function holdPhotos(dataset: Dataset, first: Sample): HeldPhotos {
  const [height, width, channels] = first.shape
  if (channels !== 1 && channels !== 3) {
    fail('E_SHAPE', {
      what: 'The images of the dataset cannot be cropped.',
      expected: 'one channel or three.',
      received: `${channels} channels.`,
      fix: 'leave `train` and `valid` out of `data`.',
    })
  }
  return {
    classes: dataset.classes,
    digest: dataset.digest,
    size: (split) => dataset.size(split),
    read: (split, index) => dataset.read(split, index),
    channels,
    photo: (split, index) => ({ path: `Image ${index} of the ${split} split`, width, height, label: 0 }),
    async load(split, index) {
      const sample = dataset.readSync?.(split, index) ?? (await dataset.read(split, index))
      checkSample(sample, first, dataset.classes.length, split, index)
      return { pixels: { data: inColour(sample.pixels, channels), width, height }, label: sample.label }
    },
  }
}

function inColour(pixels: Uint8Array, channels: 1 | 3): Uint8Array {
  // A copy: what is sent to a thread takes the whole buffer along of which it is a view.
  if (channels === 3) return pixels.slice()
  const colour = new Uint8Array(pixels.length * 3)
  for (let i = 0; i < pixels.length; i++) colour.fill(pixels[i]!, 3 * i, 3 * i + 3)
  return colour
}
