import { type Html, html, px } from '../html.ts'
import type { Scale } from './scale.ts'

/** A single value with a sign of its own. */
export interface Mark {
  readonly tone: 'train' | 'valid'
  /** `dot`: ours; `square` and `diamond`: documented. */
  readonly shape: 'dot' | 'square' | 'diamond'
  readonly x: number
  readonly y: number
  readonly title: string
  readonly size?: number
  /** The value is a mean from `x − span` to `x + span`: a bar shows it. */
  readonly span?: number
}

export function drawMark({ tone, shape, x, y, title, size = 1, span }: Mark, toX: Scale, toY: Scale): Html {
  const [cx, cy] = [toX(x), toY(y)]
  const bar = span === undefined ? null : barPath(toX(x - span), toX(x + span), cy)
  return html`<g class="mark ${shape} ${tone}">${bar !== null && html`<path class="bar" d="${bar}"/>`}<path class="sign" d="${signPath(shape, cx, cy, size)}"/><title>${title}</title></g>
`
}

const barPath = (from: number, to: number, y: number): string => `M${px(from + 1)} ${px(y)}H${px(to - 1)}`

/** Outline of a sign around a point. */
export function signPath(shape: Mark['shape'], x: number, y: number, size: number): string {
  if (shape === 'dot') {
    const r = px(3 * size)
    return `M${px(x - r)} ${px(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`
  }
  if (shape === 'square') {
    const a = px(4 * size)
    return `M${px(x - a)} ${px(y - a)}h${2 * a}v${2 * a}h${-2 * a}z`
  }
  const a = px(5.5 * size)
  return `M${px(x)} ${px(y - a)}l${a} ${a}l${-a} ${a}l${-a} ${-a}z`
}
