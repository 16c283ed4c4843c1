import type { Batch } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { drawing, label, plot, round } from './draw.ts'
import type { Picture } from './types.ts'

/** Targets of one sample of class 3, as the callback returns them. */
export async function labelSmoothingPicture(): Promise<Picture> {
  const classes = 10
  const panels = await Promise.all(
    [0, 0.1, 0.4].map(async (epsilon, panel) => {
      const targets = await smoothed(epsilon, classes)
      const left = 40 + 225 * panel
      const { x, y, axes } = plot({
        left,
        top: 40,
        width: 180,
        height: 170,
        xTicks: [-0.5, classes - 0.5],
        yTicks: [0, 0.25, 0.5, 0.75, 1],
        format: (value) => (value < 0 || value > classes - 1 ? '' : String(value)),
      })
      return html`${label(left + 90, 22, epsilon === 0 ? 'plain' : `epsilon ${epsilon}`, 'middle', 'strong')}${axes}${targets.map(
        (value, index) =>
          html`<rect x="${round(x(index) - 7)}" y="${round(y(value))}" width="14" height="${round(y(0) - y(value))}" fill="var(--${index === 3 ? 'train' : 'valid'})"/>`,
      )}${label(x(3) + 12, y(targets[3]!) + 5, String(round(targets[3]!)), 'start')}${epsilon > 0 && label(x(9) + 7, y(targets[9]!) - 6, String(round(targets[9]!)), 'end')}`
    }),
  )
  return {
    svg: drawing(700, 240, 'Targets of ten classes: one-hot, and smoothed by 0.1 and 0.4', panels),
    caption:
      'The target of one sample over ten outputs. Every output gets epsilon / 10, the right one what is left besides.',
  }
}

async function smoothed(epsilon: number, classes: number): Promise<number[]> {
  const callback = build(
    'callback',
    { use: 'label-smoothing', epsilon },
    { source: undefined as never, metrics: [] },
    labelSmoothing as unknown as Plugin,
  )
  const targets = tf.cast(tf.oneHot(tf.tensor1d([3], 'int32'), classes), 'float32') as tf.Tensor2D
  const batch = { training: true, size: 1, step: 0, targets, images: tf.zeros([1, 1, 1, 1]) } as unknown as Batch
  const answer = await callback.beforeBatch?.(batch)
  return [...((answer ?? batch) as Batch).targets.dataSync()]
}
