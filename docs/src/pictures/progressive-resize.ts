import type { Batch } from '@tricklab/core'
import type { FitInfo } from '@tricklab/core/contracts'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import progressiveResize from '@tricklab/plugin-progressive-resize'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { curve, drawing, label, plot } from './draw.ts'
import { imageAt, landscape } from './images.ts'
import type { Picture } from './types.ts'

const [size, epochs, stepsPerEpoch] = [128, 5, 24]

/** The width of the images at every step of a fit, and images of four moments, as the callback returns them. */
export async function progressiveResizePicture(): Promise<Picture> {
  const callback = build(
    'callback',
    { use: 'progressive-resize' },
    { source: undefined as never, metrics: [] },
    progressiveResize as unknown as Plugin,
  )
  await callback.beforeFit!({ epochs, stepsPerEpoch, firstStep: 0 } as FitInfo)
  const images = tf.tensor4d(landscape(size, size).values, [1, size, size, 3])
  const at = async (step: number): Promise<tf.Tensor4D> => {
    const batch = { training: true, size: 1, step, epoch: 0, index: 0, images, targets: images } as unknown as Batch
    return (((await callback.beforeBatch!(batch)) ?? batch) as Batch).images
  }
  const widths: number[] = []
  for (let step = 0; step < epochs * stepsPerEpoch; step++) widths.push((await at(step)).shape[2])
  const { x, y, axes } = plot({
    left: 44,
    top: 26,
    width: 640,
    height: 180,
    xTicks: [0, 1, 2, 3, 4, 5],
    yTicks: [0, 32, 64, 96, 128],
    xTitle: 'epoch',
    yTitle: 'width, pixels',
  })
  const stairs = widths.flatMap((width, step) => {
    const [from, to] = [step / stepsPerEpoch, (step + 1) / stepsPerEpoch]
    return [[x(from), y(width)] as const, [x(to), y(width)] as const]
  })
  const samples = await Promise.all(
    [0, 72, 84, 108].map(async (step, index) => {
      const shown = await at(step)
      const width = shown.shape[2]
      const pixels = { width, height: width, values: shown.dataSync() as Float32Array }
      const centre = 120 + 164 * index
      const side = width * 0.8
      return html`${await imageAt(pixels, centre - side / 2, 256, side)}${label(centre, 376, `epoch ${step / stepsPerEpoch}: ${width} px`)}`
    }),
  )
  return {
    svg: drawing(700, 384, 'Width of the training images over five epochs', [axes, curve(stairs, 'train'), ...samples]),
    caption:
      'A fit of five epochs with the default options: half of it at half the size, then steps of four pixels, the last fifth at full size.',
  }
}
