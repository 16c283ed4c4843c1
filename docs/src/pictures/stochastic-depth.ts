import { createRng } from '@tricklab/core'
import type { Plugin } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import stochasticDepth from '@tricklab/plugin-stochastic-depth'
import { html } from '@tricklab/repro'
import { build } from './components.ts'
import { drawing, label } from './draw.ts'
import type { Picture } from './types.ts'

const [images, blocks, rate] = [12, 8, 0.25]

/** Which branches of eight blocks a batch of twelve images goes through. */
export function stochasticDepthPicture(): Picture {
  const shape = { inputChannels: 1, outputChannels: 1, stride: 1, kernelSize: 1, activate: false }
  const block = build(
    'block',
    { use: 'stochastic-depth', rate },
    { ...shape, init: createRng(0) },
    stochasticDepth as unknown as Plugin,
  )
  const kept = Array.from({ length: blocks }, (_, index) =>
    tf.tidy(() => {
      const rng = createRng(1).scope(`block${index}`)
      return [...block.apply(tf.ones([images, 1, 1, 1]), { training: true, rng }).dataSync()].map((value) => value > 0)
    }),
  )
  const cells = kept.flatMap((row, y) =>
    row.map(
      (isKept, x) =>
        html`<rect x="${100 + 46 * x}" y="${30 + 26 * y}" width="40" height="20" rx="3" fill="${isKept ? 'var(--train)' : 'none'}" stroke="var(--soft)"/>`,
    ),
  )
  return {
    svg: drawing(700, 270, 'A grid of blocks and images in which a quarter of the branches is left out', [
      ...cells,
      ...kept.map((_, y) => label(90, 45 + 26 * y, `block ${y + 1}`, 'end')),
      label(100, 20, 'images of a batch', 'start', 'strong'),
      label(100, 260, 'filled: branch and shortcut; empty: the shortcut alone', 'start'),
    ]),
    caption: `What the plugin drew for ${images} images at a rate of ${rate}: every image goes through a network of another depth.`,
  }
}
