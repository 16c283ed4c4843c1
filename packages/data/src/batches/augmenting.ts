import type { Augmentation, Crop, Rng } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import type { PixelTransform } from '../pixels/transform.ts'
import { createPixelTable, type Normalization } from './normalization.ts'

/** What becomes of cropped images: augmented, then normalised. */
export interface Augmenting {
  /** Size of the images that come out. */
  readonly output: ImageSize
  /**
   * What decoding threads do with the images of a batch, one entry an image; they then deliver float32. Undefined where
   * nothing is said as data: they deliver bytes.
   */
  plan(batch: number, key: string): readonly PixelTransform[] | undefined
  /** The tensor of a batch from what the threads delivered. */
  finish(delivered: SharedArrayBuffer, batch: number, key: string): tf.Tensor4D
}

/**
 * @param channels of the images that come out; one of three equal ones remains where it is 1
 * @param rng every augmentation draws from its place and the key, `<epoch>/<batch>`
 */
export function createAugmenting(
  { crop, augment }: { readonly crop: Crop; readonly augment: readonly Augmentation[] },
  normalization: Normalization,
  channels: 1 | 3,
  rng: Rng,
): Augmenting {
  const grow = (size: ImageSize, step: Augmentation) => step.output?.(size) ?? size
  const planned = augment[0]?.plan === undefined ? undefined : augment[0]
  const delivered = planned === undefined ? crop.output : grow(crop.output, planned)
  // What threads do not do is done on tensors, on the main thread.
  const rest = [...augment.entries()].slice(planned === undefined ? 0 : 1)
  const onTensors = planned !== undefined || rest.length > 0
  const bytes = createPixelTable(onTensors ? { mean: [0], std: [1] } : normalization, 3)
  const normalizeInThreads = planned !== undefined && rest.length === 0 && !isNeutral(normalization)

  return {
    output: augment.reduce(grow, crop.output),
    plan(batch, key) {
      return planned?.plan?.(rng.at('augment', 0, key), batch, crop.output).map((transform) => ({
        ...transform,
        output: delivered,
        ...(normalizeInThreads ? { normalize: byChannel(normalization) } : {}),
      }))
    },
    finish(buffer, batch, key) {
      const { width, height } = delivered
      const count = batch * height * width * 3
      const inColour =
        planned === undefined
          ? lookUp(new Uint8Array(buffer, 0, count), bytes)
          : // A copy: the buffer is used again.
            new Float32Array(new Float32Array(buffer, 0, count))
      return tf.tidy(() => {
        let images = tf.tensor4d(channels === 3 ? inColour : firstChannel(inColour), [batch, height, width, channels])
        for (const [index, augmentation] of rest) images = augmentation.apply(images, rng.at('augment', index, key))
        if (rest.length === 0 || isNeutral(normalization)) return images
        const { mean, std } = normalization
        return tf.div(tf.sub(images, tf.tensor1d([...mean])), tf.tensor1d([...std])) as tf.Tensor4D
      })
    },
  }
}

const isNeutral = ({ mean, std }: Normalization) => mean.length === 1 && mean[0] === 0 && std[0] === 1

const byChannel = ({ mean, std }: Normalization) => ({
  mean: [0, 1, 2].map((channel) => mean[channel % mean.length]!),
  std: [0, 1, 2].map((channel) => std[channel % std.length]!),
})

const firstChannel = (values: Float32Array) =>
  Float32Array.from({ length: values.length / 3 }, (_, index) => values[3 * index]!)

/** Three channels, a table each. */
function lookUp(pixels: Uint8Array, table: Float32Array): Float32Array {
  const images = new Float32Array(pixels.length)
  const [red, green, blue] = [table.subarray(0, 256), table.subarray(256, 512), table.subarray(512, 768)]
  for (let i = 0; i < pixels.length; i += 3) {
    images[i] = red[pixels[i]!]!
    images[i + 1] = green[pixels[i + 1]!]!
    images[i + 2] = blue[pixels[i + 2]!]!
  }
  return images
}
