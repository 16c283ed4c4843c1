import { type Dataset, fail, type Sample, type Shape, type Split } from '@tricklab/core'
import { checkIndex } from '../check-index.ts'

/** Images of a split, one after the other in height × width × channels order, and their labels. */
export interface SplitSamples {
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

export interface SampleDatasetOptions extends Readonly<Record<Split, SplitSamples>> {
  readonly classes: readonly string[]
  /** SHA-256 (hex) of what the dataset consists of. */
  readonly digest: string
  /** Of every image. */
  readonly shape: Shape
}

/**
 * A dataset of images of one size that are held in memory.
 * @errors E_DATASET_CORRUPT for a label without a class, and where images and labels differ in number
 */
export function createSampleDataset(options: SampleDatasetOptions): Dataset {
  const { classes, digest, shape } = options
  const pixels = shape[0] * shape[1] * shape[2]
  for (const split of ['train', 'valid'] as const) checkSamples(options, split, pixels)
  const size = (split: Split) => options[split].labels.length
  function readSync(split: Split, index: number): Sample {
    checkIndex({ size }, split, index)
    const { images, labels } = options[split]
    return { pixels: images.subarray(index * pixels, (index + 1) * pixels), shape, label: labels[index]! }
  }
  return { classes, digest, size, read: async (split, index) => readSync(split, index), readSync }
}

function checkSamples(options: SampleDatasetOptions, split: Split, pixels: number): void {
  const { images, labels } = options[split]
  if (images.length !== labels.length * pixels) {
    fail('E_DATASET_CORRUPT', {
      what: `The ${split} split does not have an image for every label.`,
      expected: `${labels.length} images of ${pixels} bytes.`,
      received: `${images.length} bytes.`,
    })
  }
  const index = labels.findIndex((label) => label >= options.classes.length)
  if (index < 0) return
  fail('E_DATASET_CORRUPT', {
    what: `Label ${index} of the ${split} split has no class.`,
    expected: `0 to ${options.classes.length - 1}.`,
    received: `${labels[index]}.`,
  })
}
