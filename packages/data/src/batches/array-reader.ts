import type { Dataset, Sample } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { checkSample } from './check-sample.ts'
import { createPixelTable, type Normalization } from './normalization.ts'
import type { BatchReader } from './reader.ts'

/**
 * Reads batches of ready-made images, all of the shape of the first.
 * @errors E_SHAPE when images differ in shape; E_DATASET_CORRUPT for a label without a class
 */
export function createArrayReader(dataset: Dataset, first: Sample, normalization: Normalization): BatchReader {
  const imageShape = first.shape
  const channels = imageShape[2]
  const pixelsPerImage = imageShape[0] * imageShape[1] * channels
  const classes = dataset.classes.length
  const table = createPixelTable(normalization, channels)
  return {
    imageShape,
    prefetch: 1,
    async prepare(split, _epoch, _batch, indices) {
      // Lets the caller start its step first; signals and timers get their turn as well.
      await new Promise((resolve) => setImmediate(resolve))
      const size = indices.length
      const images = new Float32Array(size * pixelsPerImage)
      const labels: number[] = []
      const put = (sample: Sample, i: number) => {
        checkSample(sample, first, classes, split, indices[i]!)
        writePixels(images, i * pixelsPerImage, sample.pixels, table, channels)
        labels[i] = sample.label
      }
      if (dataset.readSync) {
        for (let i = 0; i < size; i++) put(dataset.readSync(split, indices[i]!), i)
      } else {
        const samples = await Promise.all(Array.from(indices, (index) => dataset.read(split, index)))
        samples.forEach(put)
      }
      return { labels, images: () => tf.tensor4d(images, [size, ...imageShape]), release: () => {} }
    },
  }
}

function writePixels(
  images: Float32Array,
  offset: number,
  pixels: Uint8Array,
  table: Float32Array,
  channels: number,
): void {
  if (channels === 1) {
    for (let i = 0; i < pixels.length; i++) images[offset + i] = table[pixels[i]!]!
    return
  }
  for (let channel = 0; channel < channels; channel++) {
    const base = channel * 256
    for (let i = channel; i < pixels.length; i += channels) images[offset + i] = table[base + pixels[i]!]!
  }
}
