import { type Dataset, fail, type Rng, type Sample } from '@tricklab/core'
import type { Normalize } from '@tricklab/core/recipe'

/** Mean and standard deviation of pixels in [0, 1]; one entry for all channels or one a channel. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

// Of ImageNet's training images; in every library since the first torchvision.
const imagenet: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

type Sampled = Extract<Normalize, { kind: 'sample-scalar' }>

/** Mean and standard deviation where no image decides them. @errors E_OPTION_RANGE for fixed values that do not fit */
export function knownNormalization(normalize: Normalize, channels: number): Normalization | undefined {
  return isSampled(normalize) ? undefined : settleKnown(normalize, channels)
}

const isSampled = (normalize: Normalize): normalize is Sampled => normalize.kind === 'sample-scalar'

function settleKnown(normalize: Exclude<Normalize, Sampled>, channels: number): Normalization {
  if (normalize.kind === 'none') return { mean: [0], std: [1] }
  return checkFixed(normalize.kind === 'fixed' ? normalize : imagenet, channels)
}

/**
 * Settles mean and standard deviation, drawing images by `rng.at('normalize')` where the kind asks for it.
 * @param used the training images that the run learns from: how many, and which of the dataset each of them is
 * @errors E_OPTION_RANGE for fixed values that do not fit; E_DATASET_CORRUPT when the drawn images are of one grey
 */
export async function createNormalization(
  dataset: Dataset,
  normalize: Normalize,
  used: { readonly size: number; index(position: number): number },
  channels: number,
  rng: Rng,
): Promise<Normalization> {
  if (!isSampled(normalize)) return settleKnown(normalize, channels)
  if (!Number.isInteger(normalize.images) || normalize.images < 1) {
    fail('E_OPTION_RANGE', {
      what: 'Normalisation from a sample of images needs a number of images.',
      expected: 'whole number from 1.',
      received: `${normalize.images}.`,
    })
  }
  const drawn = rng.at('normalize').permutation(used.size).subarray(0, normalize.images)
  const samples: Sample[] = []
  for (const position of drawn) {
    const index = used.index(position)
    samples.push(dataset.readSync ? dataset.readSync('train', index) : await dataset.read('train', index))
  }
  return scalarStatistics(samples)
}

/**
 * Mean and unbiased standard deviation over all pixels and channels of the samples, in units of the pixel range [0, 1].
 * @errors E_DATASET_CORRUPT when every pixel is equal, for such images cannot be normalised
 */
export function scalarStatistics(samples: readonly Sample[]): Normalization {
  // Sums of bytes and of their squares are whole numbers, exact up to 2⁵³: no rounding and no order of summation.
  let count = 0
  let sum = 0
  let squares = 0
  for (const { pixels } of samples) {
    count += pixels.length
    for (const pixel of pixels) {
      sum += pixel
      squares += pixel * pixel
    }
  }
  const mean = sum / count
  const variance = (squares - sum * mean) / (count - 1)
  if (!(variance > 0)) {
    fail('E_DATASET_CORRUPT', {
      what: `The ${samples.length} images drawn for normalisation have one and the same value in every pixel.`,
      expected: 'images with content.',
      received: `${count} pixels of value ${mean}.`,
      fix: 'normalise with fixed values, or look at the images.',
    })
  }
  return { mean: [mean / 255], std: [Math.sqrt(variance) / 255] }
}

/** The network's input for every byte value, channel after channel: 256 × channels numbers. */
export function createPixelTable({ mean, std }: Normalization, channels: number): Float32Array {
  const table = new Float32Array(256 * channels)
  for (let channel = 0; channel < channels; channel++) {
    const centre = mean.length === 1 ? mean[0]! : mean[channel]!
    const scale = std.length === 1 ? std[0]! : std[channel]!
    for (let byte = 0; byte < 256; byte++) table[channel * 256 + byte] = (byte / 255 - centre) / scale
  }
  return table
}

function checkFixed({ mean, std }: Normalization, channels: number): Normalization {
  for (const [name, values] of Object.entries({ mean, std })) {
    const fits = values.length === 1 || values.length === channels
    const finite = values.every((value) => Number.isFinite(value) && (name === 'mean' || value > 0))
    if (fits && finite) continue
    fail('E_OPTION_RANGE', {
      what: `The fixed ${name} of the normalisation does not fit the images.`,
      expected: `1 or ${channels} numbers${name === 'std' ? ' above 0' : ''}, in units of the pixel range [0, 1].`,
      received: `${JSON.stringify(values)}.`,
    })
  }
  return { mean, std }
}
