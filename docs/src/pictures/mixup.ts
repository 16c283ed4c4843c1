import type { Batch } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import mixup from '@tricklab/plugin-mixup'
import { type Html, html } from '@tricklab/repro'
import { build } from './components.ts'
import { drawing, label } from './draw.ts'
import { fish, imageAt, landscape } from './images.ts'
import type { Picture } from './types.ts'

interface Mixture {
  readonly share: number
  readonly values: Float32Array
}

const size = 48
/** Shares that are wanted in the picture; of the plugin's draws those nearest to them are shown. */
const wanted = [1, 0.9, 0.8, 0.7, 0.6, 0.5]

/** What the callback makes of a batch of two images, with the shares that it drew. */
export async function mixupPicture(): Promise<Picture> {
  const mixtures = await drawMixtures()
  const shown = wanted.map((share) =>
    mixtures.reduce((best, one) => (Math.abs(one.share - share) < Math.abs(best.share - share) ? one : best)),
  )
  const parts = await Promise.all(
    shown.map(async ({ share, values }, index): Promise<Html> => {
      const left = 10 + 116 * index
      const image = await imageAt({ width: size, height: size, values }, left, 10, 104)
      return html`${image}${label(left + 52, 134, `λ = ${share.toFixed(2)}`, 'middle', 'strong')}<rect x="${left}" y="144" width="${(104 * share).toFixed(1)}" height="10" fill="var(--train)"/><rect x="${(left + 104 * share).toFixed(1)}" y="144" width="${(104 * (1 - share)).toFixed(1)}" height="10" fill="var(--valid)"/>`
    }),
  )
  return {
    svg: drawing(710, 188, 'A landscape mixed with more and more of a fish, each with its target', [
      ...parts,
      label(10, 178, 'below each image its target: landscape blue, fish orange', 'start'),
    ]),
    caption:
      'One image mixed with another, at shares that the plugin drew; the target is mixed likewise. The larger part is always the image’s own.',
  }
}

async function drawMixtures(): Promise<Mixture[]> {
  const callback = build(
    'callback',
    { use: 'mixup', alpha: 0.4 },
    { source: undefined as never, metrics: [] },
    mixup as unknown as Plugin,
  )
  const images = tf.tensor4d([...landscape(size, size).values, ...fish(size, size).values], [2, size, size, 3])
  const targets = tf.tensor2d([1, 0, 0, 1], [2, 2])
  const mixtures: Mixture[] = [{ share: 1, values: landscape(size, size).values }]
  for (let step = 0; step < 60; step++) {
    const batch = { training: true, size: 2, step, epoch: 0, index: step, images, targets } as Batch
    const answer = (await callback.beforeBatch!(batch)) as Batch
    const [share] = answer.targets.dataSync()
    const values = tf.slice(answer.images, [0, 0, 0, 0], [1, size, size, 3]).dataSync() as Float32Array
    mixtures.push({ share: share!, values })
  }
  return mixtures
}
