import { createRng } from '@tricklab/core'
import { type Html, html } from '@tricklab/repro'
import { arrow, box, drawing, joint, label } from './draw.ts'
import type { Picture } from './types.ts'

const [features, masks] = [20, 4]

/** The same features under several masks, through one linear layer. */
export function multiSampleDropoutPicture(): Picture {
  const rows = Array.from({ length: masks }, (_, mask) => {
    const y = 28 + 50 * mask
    const stream = createRng(2).at('mask', mask)
    const kept = Array.from({ length: features }, () => stream.uniform() >= 0.5)
    return html`${arrow([158, 106], [200, y + 9])}${strip(kept, 204, y)}${arrow([408, y + 9], [444, y + 9])}${box(446, y - 7, 92, 32, ['linear'], true)}${arrow([538, y + 9], [580, y + 9])}${label(584, y + 13, `loss ${mask + 1}`, 'start')}${arrow([626, y + 9], [660, mask < 2 ? 94 : 114])}`
  })
  return {
    svg: drawing(
      700,
      222,
      'Features under four dropout masks, each through the same linear layer to a loss; the mean of the losses',
      [
        label(78, 84, 'features', 'middle', 'strong'),
        strip(
          Array.from({ length: features }, () => true),
          8,
          97,
          7,
        ),
        ...rows,
        joint(672, 104, 'x̄'),
        label(492, 220, 'one and the same layer'),
        label(304, 220, 'masks of one step'),
      ],
    ),
    caption:
      'The network before the head runs once; only the last layer is applied several times, and its losses are averaged.',
  }
}

function strip(kept: readonly boolean[], left: number, top: number, size = 10): Html {
  return html`${kept.map(
    (keep, index) =>
      html`<rect x="${left + size * index}" y="${top}" width="${size - 1}" height="18" fill="var(--${keep ? 'train' : 'line'})"${!keep && html` fill-opacity="0.5"`}/>`,
  )}`
}
