import { createRng, type Shape, type Split } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'

export interface TinyData {
  readonly imageShape: Shape
  readonly classes: number
  readonly batchSize: number
  readonly sizes: Readonly<Record<Split, number>>
}

/**
 * Batches of images drawn from a fixed seed: a pattern a class plus noise, so that a small model learns something. The
 * last batch of both splits is smaller than the others.
 */
export function createTinySource(data: TinyData): BatchSource {
  // Nothing in it ever changes, and drawing takes longer than the steps of a tiny fit.
  const key = JSON.stringify(data)
  const source = sources.get(key) ?? drawSource(data)
  sources.set(key, source)
  return source
}

const sources = new Map<string, BatchSource>()

function drawSource({ imageShape, classes, batchSize, sizes }: TinyData): BatchSource {
  const rng = createRng(77)
  const pixels = imageShape.reduce((product, side) => product * side, 1)
  const patterns = Array.from({ length: classes }, (_, label) => draw(pixels, 'pattern', label))
  const batches = (split: Split) => Math.ceil(sizes[split] / batchSize)

  function draw(length: number, ...key: (string | number)[]): number[] {
    const stream = rng.at(...key)
    return Array.from({ length }, () => stream.normal())
  }

  function drawBatch(split: Split, index: number) {
    const start = index * batchSize
    const size = Math.min(batchSize, sizes[split] - start)
    const labels = Array.from({ length: size }, (_, i) => (start + i) % classes)
    const values = labels.flatMap((label, i) => {
      const noise = draw(pixels, 'noise', split, start + i)
      return noise.map((value, pixel) => patterns[label]![pixel]! + value / 2)
    })
    const targets = labels.flatMap((label) => Array.from({ length: classes }, (_, k) => +(k === label)))
    return { values, targets, size }
  }

  const drawn = {
    train: Array.from({ length: batches('train') }, (_, index) => drawBatch('train', index)),
    valid: Array.from({ length: batches('valid') }, (_, index) => drawBatch('valid', index)),
  }

  return {
    classes: patterns.map((_, label) => `class ${label}`),
    imageShape,
    samples: (split) => sizes[split],
    batches,
    async *read(split, _epoch, from) {
      for (const { values, targets, size } of drawn[split].slice(from)) {
        const images = tf.tensor4d(values, [size, ...imageShape])
        yield { images, targets: tf.tensor2d(targets, [size, classes]), size }
      }
    },
  }
}
