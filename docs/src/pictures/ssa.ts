import { type Html, html } from '@tricklab/repro'
import { drawing, label } from './draw.ts'
import type { Picture } from './types.ts'

/** Sides in the picture: channels, and positions, of which there are four times as many. */
const [c, n] = [22, 88]

/** Narrow enough to be read on a phone as it is. */
const width = 400

/** Both orders of multiplication as shapes of matrices, with their multiply-accumulates in xresnet50's first stage. */
export function ssaPicture(): Picture {
  const [channels, positions] = [256, 1024]
  const giga = (macs: number) => `${(macs / 1e9).toFixed(3)} GMAC`
  const byChannels = 3 * channels ** 2 * positions
  const byPositions = channels ** 2 * positions + 2 * channels * positions ** 2
  return {
    svg: drawing(
      width,
      308,
      'The two orders of X Xᵀ W X as shapes of matrices',
      [
        ...row(
          0,
          'order: channels',
          '(X Xᵀ)(W X)',
          [
            ['X', n, c],
            ['Xᵀ', c, n],
            ['W X', n, c],
          ],
          ['X Xᵀ', c, c],
          giga(byChannels),
        ),
        ...row(
          160,
          'order: positions',
          'X (Xᵀ (W X))',
          [
            ['X', n, c],
            ['Xᵀ', c, n],
            ['W X', n, c],
          ],
          ['Xᵀ W X', n, n],
          giga(byPositions),
        ),
      ],
      true,
    ),
    caption:
      'X has the shape [channels, positions]. The first product is either channels × channels or positions × positions. The result is the same, but the cost grows linearly or quadratically with the number of positions. The figures are for 256 channels and 32 × 32 positions.',
  }
}

type Matrix = readonly [name: string, width: number, height: number]

function row(
  top: number,
  title: string,
  formula: string,
  factors: readonly Matrix[],
  middle: Matrix,
  cost: string,
): Html[] {
  const centre = top + 96
  const first = title.includes('channels')
  let left = 0
  const parts = factors.map(([name, wide, height], index) => {
    const at = left
    left += wide + 14
    const inside = first ? index < 2 : index > 0
    return matrix(at, centre, [name, wide, height], inside)
  })
  const result = left + 34
  return [
    label(0, top + 18, title, 'start', 'strong'),
    label(118, top + 18, formula, 'start', 'mono'),
    ...parts,
    label(left + 9, centre + 5, '→', 'middle', 'strong'),
    matrix(result, centre, middle, true),
    label(width, top + 18, cost, 'end', 'strong'),
    label(width, top + 36, 'for one image', 'end'),
  ]
}

/** A name that is wider than its matrix stands beside it. */
function matrix(left: number, centre: number, [name, width, height]: Matrix, ours: boolean): Html {
  const inside = 9 * name.length <= width
  const x = inside ? left + width / 2 : left + width + 6
  return html`<rect class="box${ours && ' ours'}" x="${left}" y="${centre - height / 2}" width="${width}" height="${height}" rx="2"/>${label(x, centre + 4, name, inside ? 'middle' : 'start', 'strong')}`
}
