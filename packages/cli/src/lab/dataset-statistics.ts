import { createRegistry, createRng, type Dataset } from '@tricklab/core'
import type { Kind, NormalUse } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { createBatchSource, data } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'

interface Channels {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

interface BatchStatistics {
  /** Images of the batch, and their width and height. */
  readonly images: number
  readonly size: number
  readonly before: Channels
  readonly after: Channels
  /** Largest |after − (before − μ) / σ| of the means, and |after − before / σ| of the deviations. */
  readonly error: number
  /** What a source prints for this dataset, of two other batches. */
  readonly printed: { readonly before: Channels; readonly after: Channels; readonly agrees: boolean } | null
}

/** Chapter 7 of the fastai book as run by C. Mills, March 2022: one training batch of 64 each at 224 px. */
const sources: { readonly [dataset: string]: { readonly before: Channels; readonly after: Channels } } = {
  imagenette2: {
    before: { mean: [0.4498, 0.4448, 0.4141], std: [0.2893, 0.2792, 0.3022] },
    after: { mean: [-0.2055, -0.0843, 0.0192], std: [1.1835, 1.1913, 1.2377] },
  },
}

// In deviations of a channel. Two batches of 64 photos differ by a few hundredths, the source's own by up to a tenth.
const granted = 0.3
const size = 224

/**
 * Mean and deviation of the channels of one training batch, as fastai's chapter 7 makes it (squares of 460 px,
 * aug_transforms to 224 px), before and after ImageNet's normalisation.
 */
export async function measureBatch(name: string, dataset: Dataset): Promise<BatchStatistics> {
  await prepareEngine('cpu')
  const registry = createRegistry([data])
  const create = <K extends Kind & ('crop' | 'augmentation')>(kind: K, use: NormalUse) =>
    registry.create(kind, registry.normalize(kind, use, 'lab dataset --statistics').use, {})
  const images = Math.min(64, dataset.size('train'))
  const photos = {
    train: {
      crop: create('crop', { use: 'resize-crop', size: 460 }),
      augment: [create('augmentation', { use: 'aug-transforms', size, minScale: 0.75 })],
    },
    valid: { crop: create('crop', { use: 'resize-crop', size }) },
    // One batch is read: what would make an epoch slow is of no interest.
    notice: () => {},
  }
  const measure = async (kind: 'none' | 'imagenet') => {
    const options = { batchSize: images, shuffle: true, dropLast: false, normalize: { kind }, photos } as const
    const source = await createBatchSource(dataset, options, createRng(1))
    for await (const batch of source.read('train', 0, 0)) {
      const channels = channelsOf((await batch.images.data()) as Float32Array)
      tf.dispose([batch.images, batch.targets])
      return { channels, normalization: source.normalization }
    }
    throw new Error('an epoch without a batch')
  }
  const before = (await measure('none')).channels
  const { channels: after, normalization } = await measure('imagenet')
  const { mean, std } = normalization
  const expected = {
    mean: before.mean.map((value, c) => (value - mean[c]!) / std[c]!),
    std: before.std.map((value, c) => value / std[c]!),
  }
  const error = largestDifference(after, expected)
  return { images, size, before, after, error, printed: comparePrinted(name, before, after, normalization) }
}

/** Beside the numbers of a source, where there is one: both in units of the normalised images. */
export function comparePrinted(
  name: string,
  before: Channels,
  after: Channels,
  { std }: Channels,
): BatchStatistics['printed'] {
  const printed = sources[name]
  if (printed === undefined) return null
  const scaled = (of: Channels) => ({
    mean: of.mean.map((value, c) => value / std[c]!),
    std: of.std.map((value, c) => value / std[c]!),
  })
  const agrees =
    largestDifference(after, printed.after) <= granted &&
    largestDifference(scaled(before), scaled(printed.before)) <= granted
  return { ...printed, agrees }
}

function channelsOf(values: Float32Array): Channels {
  const count = values.length / 3
  const sums = [0, 0, 0]
  for (const [i, value] of values.entries()) sums[i % 3]! += value
  const mean = sums.map((sum) => sum / count)
  const squares = [0, 0, 0]
  for (const [i, value] of values.entries()) squares[i % 3]! += (value - mean[i % 3]!) ** 2
  return { mean, std: squares.map((sum) => Math.sqrt(sum / (count - 1))) }
}

function largestDifference(a: Channels, b: Channels): number {
  const differences = (['mean', 'std'] as const).flatMap((key) =>
    a[key].map((value, c) => Math.abs(value - b[key][c]!)),
  )
  return Math.max(...differences)
}

export function formatStatistics({ images, size, before, after, error, printed }: BatchStatistics): string {
  const line = (title: string, channels: Channels) => {
    const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4).padStart(8)).join('')
    return `${title.padEnd(24)}${numbers(channels.mean)}  ${numbers(channels.std)}`
  }
  const head = (title: string) => [`${title} red`, 'green', 'blue'].map((text) => text.padStart(8)).join('')
  const verdict = printed?.agrees ? 'agrees' : 'does not agree'
  return [
    `one training batch: ${images} images of ${size} px`,
    `${''.padEnd(24)}${head('mean')}  ${head('std')}`,
    line('before normalisation', before),
    ...(printed === null ? [] : [line('  the source prints', printed.before)]),
    line('after', after),
    ...(printed === null ? [] : [line('  the source prints', printed.after)]),
    `after is (before − μ) / σ within ${error.toExponential(1)}`,
    ...(printed === null ? [] : [`${verdict} with the source, of other batches, within ${granted} deviations`]),
  ].join('\n')
}
