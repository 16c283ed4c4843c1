import type { OptionValues } from '@tricklab/core'
import { designs, wireGroups } from '@tricklab/plugin-permuted-groups'
import { type Html, html } from '@tricklab/repro'
import { drawing, label } from './draw.ts'
import type { Picture } from './types.ts'

type Values = OptionValues<Parameters<typeof wireGroups>[0] extends OptionValues<infer S> ? S : never>

const channels = 64
const channelsPerGroup = 4
/** Groups that a cycle of the thread's design holds. */
const metaGroup = 4

/** The kernel of every design seen from above, as `pnpm lab groups` draws it. */
export function permutedGroupsPicture(): Picture {
  const grids = designs.map((design, index) => {
    const values = { design, channelsPerGroup, groups: 0, links: 2, rewire: 0.1, wiring: 0 } as unknown as Values
    const { links, groups } = wireGroups(values, channels)
    const left = 4 + 142 * index
    return html`${label(left + 64, 16, design, 'middle', 'strong')}${grid(links, groups, left, 26)}`
  })
  return {
    svg: drawing(712, 176, `Which input channels each output channel reads, in the designs ${designs.join(', ')}`, [
      ...grids,
      label(4, 172, 'input channels to the right, output channels down; 64 channels in groups of 4', 'start'),
    ]),
    caption:
      'A square is a block of the kernel that has weights; all else is zero. Blue blocks stay within a cycle of four groups, orange ones leave it.',
  }
}

function grid(links: readonly (readonly number[])[], groups: number, left: number, top: number): Html {
  const size = 128 / groups
  const blocks = links.flatMap((sources) =>
    sources.map((source, group) => {
      const far = Math.floor(source / metaGroup) !== Math.floor(group / metaGroup)
      return html`<rect x="${left + source * size}" y="${top + group * size}" width="${size}" height="${size}" fill="var(--${far ? 'valid' : 'train'})"/>`
    }),
  )
  const lines = Array.from({ length: groups / metaGroup + 1 }, (_, index) => index * metaGroup * size)
  return html`${blocks}${lines.map((at) => html`<path class="axis" d="M${left + at} ${top}v128M${left} ${top + at}h128"/>`)}`
}
