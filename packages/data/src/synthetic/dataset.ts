import { createHash } from 'node:crypto'
import { canonicalJson, createRng, type Dataset, type OptionValues, opt, type Sample, type Split } from '@tricklab/core'
import type { DatasetFacts } from '@tricklab/core/contracts'
import { checkIndex } from '../check-index.ts'
import { drawPatterns } from './patterns.ts'

export const syntheticOptions = {
  seed: opt.integer({
    default: 0,
    doc: 'Seed of the patterns and the noise; it does not depend on the seed of the run.',
  }),
  classes: opt.integer({
    min: 2,
    max: 1000,
    default: 10,
    doc: 'Number of classes; every class has about as many images as the others.',
  }),
  imageSize: opt.integer({ min: 1, max: 1024, default: 28, unit: 'pixels', doc: 'Height and width of the images.' }),
  channels: opt.integer({ min: 1, max: 4, default: 1, doc: 'Number of channels of the images.' }),
  trainSize: opt.integer({ min: 1, default: 1024, unit: 'images', doc: 'Number of training images.' }),
  validSize: opt.integer({ min: 1, default: 256, unit: 'images', doc: 'Number of validation images.' }),
  noise: opt.number({
    min: 0,
    max: 10,
    default: 0.1,
    unit: 'pixel range',
    doc: 'Standard deviation of the noise on every pixel; 0 makes all images of a class equal.',
  }),
}

export type SyntheticOptions = OptionValues<typeof syntheticOptions>

/**
 * Images drawn from a seed, for tests and first steps: each class has one smooth pattern, each image is its class's
 * pattern plus noise of its own. A small network learns it in a few steps. Image i is of class i modulo classes, so
 * every stretch of the data is balanced. Images are drawn when read: the same index always gives the same bytes.
 */
export function createSynthetic(options: SyntheticOptions): Dataset {
  const { classes, imageSize, channels, noise } = options
  const sizes = { train: options.trainSize, valid: options.validSize }
  const size = (split: Split) => sizes[split]
  const rng = createRng(options.seed).scope('synthetic')
  const shape = [imageSize, imageSize, channels] as const
  const patterns = drawPatterns(rng, classes, shape)

  function readSync(split: Split, index: number): Sample {
    checkIndex({ size }, split, index)
    const label = index % classes
    const pattern = patterns[label]!
    const pixels = new Uint8Array(pattern.length)
    const stream = rng.at('noise', split, index)
    for (let i = 0; i < pixels.length; i++) {
      const value = pattern[i]! + (noise === 0 ? 0 : noise * stream.normal())
      pixels[i] = Math.round(255 * Math.min(1, Math.max(0, value)))
    }
    return { pixels, shape, label }
  }

  return {
    classes: classNames(options),
    digest: digestOf(options),
    size,
    read: async (split, index) => readSync(split, index),
    readSync,
  }
}

const classNames = ({ classes }: SyntheticOptions) => Array.from({ length: classes }, (_, index) => `class ${index}`)

/** The options decide every byte; `version` goes up when the drawing changes. */
const digestOf = (options: SyntheticOptions): string =>
  createHash('sha256')
    .update(canonicalJson({ dataset: 'synthetic', version: 1, ...options }))
    .digest('hex')

export function syntheticFacts(options: SyntheticOptions): DatasetFacts {
  const { imageSize, channels, trainSize, validSize } = options
  return {
    classes: classNames(options),
    imageShape: [imageSize, imageSize, channels],
    contents: { train: trainSize, valid: validSize, digests: [digestOf(options)], exhaustive: true },
  }
}
