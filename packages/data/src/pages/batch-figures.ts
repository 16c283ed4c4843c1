import type { Shape } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'
import sharp from 'sharp'
import type { Normalization } from '../batches/normalization.ts'
import { escapeHtml, inlineImage, page } from './html.ts'

/** A batch as the network gets it. */
export interface ShownBatch {
  readonly images: tf.Tensor4D
  readonly targets: tf.Tensor2D
}

/** A heading and batches below each other. */
export interface BatchSection {
  readonly title: string
  readonly text: string
  readonly figures: string
}

/** Figures of the images of a batch with their targets in words; the batch stays the caller's. */
export async function renderBatch(
  { images, targets }: ShownBatch,
  classes: readonly string[],
  normalization: Normalization,
): Promise<string> {
  const [count, height, width, channels] = images.shape
  const values = (await images.data()) as Float32Array
  const weights = (await targets.data()) as Float32Array
  const size = height * width * channels
  const figures = Array.from({ length: count }, async (_, i) => {
    const pixels = denormalize(values.subarray(i * size, (i + 1) * size), [height, width, channels], normalization)
    const image = sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
    // Small images are shown larger, pixel by pixel.
    const scale = Math.max(1, Math.floor(128 / height))
    const shown = scale === 1 ? image : image.resize(width * scale, height * scale, { kernel: 'nearest' })
    const caption = describeTarget(weights.subarray(i * classes.length, (i + 1) * classes.length), classes)
    const bytes = await shown.jpeg({ quality: 85 }).toBuffer()
    return `<figure>${inlineImage(bytes, caption)}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
  })
  return `<div class="sheet">${(await Promise.all(figures)).join('\n')}</div>`
}

/** A page of sections. */
export function renderBatchPage(title: string, sections: readonly BatchSection[]): string {
  const parts = sections.map(
    (section) => `<h2>${escapeHtml(section.title)}</h2><p>${escapeHtml(section.text)}</p>${section.figures}`,
  )
  return page(title, parts.join('\n'))
}

function denormalize(values: Float32Array, [, , channels]: Shape, { mean, std }: Normalization): Uint8Array {
  return Uint8Array.from(values, (value, i) => {
    const channel = i % channels
    const pixel = value * (std[channel] ?? std[0]!) + (mean[channel] ?? mean[0]!)
    return Math.round(255 * Math.min(1, Math.max(0, pixel)))
  })
}

/** `beagle`, or `beagle 0.70 · dingo 0.30`. */
function describeTarget(weights: Float32Array, classes: readonly string[]): string {
  const parts = [...weights]
    .map((weight, label) => ({ weight, name: classes[label]! }))
    .filter(({ weight }) => weight > 0.005)
    .sort((a, b) => b.weight - a.weight)
  if (parts.length === 1 && parts[0]!.weight > 0.995) return parts[0]!.name
  const shown = parts.slice(0, 3).map(({ name, weight }) => `${name} ${weight.toFixed(2)}`)
  return `${shown.join(' · ')}${parts.length > 3 ? ' · …' : ''}`
}
