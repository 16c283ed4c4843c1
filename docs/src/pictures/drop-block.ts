import { createRng } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import dropBlock from '@tricklab/plugin-drop-block'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { drawing, label } from './draw.ts'
import type { Picture } from './types.ts'

const [channels, side] = [5, 14]

/** Feature maps of one image with the blocks that the plugin left out. */
export function dropBlockPicture(): Picture {
  const context = { inputChannels: channels, outputChannels: channels, stride: 1, kernelSize: 1, activate: false }
  const use = { use: 'drop-block', rate: 0.15, size: 4 }
  const block = build('block', use, { ...context, init: createRng(0) }, dropBlock as unknown as Plugin)
  const factors = tf.tidy(() =>
    block.apply(tf.ones([1, side, side, channels]), { training: true, rng: createRng(4) }).dataSync(),
  )
  const cells = Array.from(factors, (factor, i) => {
    const [channel, place] = [i % channels, Math.floor(i / channels)]
    const [x, y] = [10 + 138 * channel + 9 * (place % side), 30 + 9 * Math.floor(place / side)]
    return html`<rect x="${x}" y="${y}" width="8" height="8" fill="${factor === 0 ? 'none' : 'var(--train)'}" stroke="var(--soft)" stroke-width="0.5"/>`
  })
  return {
    svg: drawing(700, 170, 'Feature maps of five channels, with square blocks that are left out', [
      label(10, 18, 'five channels of an image', 'start', 'strong'),
      ...cells,
    ]),
    caption:
      'Blocks of 4 × 4 that the plugin drew, in every channel by itself; what is kept grows a little, so that the sum stays.',
  }
}
