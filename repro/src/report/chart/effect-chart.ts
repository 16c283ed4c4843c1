import type { MetricFormat, MetricTraits } from '@tricklab/core'
import { formatDifference, formatInterval, isPercent } from '../../format.ts'
import type { PairedDifference } from '../../statistics/index.ts'
import { type Html, html, px } from '../html.ts'
import { signPath } from './marks.ts'
import { createScale, type Scale, tickLabel } from './scale.ts'

const width = 640
const [left, right, lane] = [14, width - 14, 56]

/** What one thing is worth: every pair, and their mean with its 95 % interval. */
export interface Effect {
  readonly name: string
  readonly difference: PairedDifference
}

/** One lane an effect around a line at zero; null when there is none. */
export function drawEffectChart(
  { name: metric, format }: Pick<MetricTraits, 'name' | 'format'>,
  effects: readonly Effect[],
): Html | null {
  if (effects.length === 0) return null
  const reached = effects.flatMap(({ difference }) => reachOf(difference))
  const [low, high] = [Math.min(0, ...reached), Math.max(0, ...reached)]
  const pad = 0.04 * (high - low)
  const bottom = 8 + lane * effects.length
  const x = createScale([low - pad, high + pad], [left, right], { count: 7 })
  const percent = isPercent(format)
  const label = tickLabel(percent ? x.step * 100 : x.step)
  const height = bottom + 40
  return html`<svg class="chart forest" viewBox="0 0 ${width} ${height}" role="img" aria-label="${summaryOf(format, effects)}">
${x.ticks.map((tick) => html`<path class="grid" d="M${px(x(tick))} 8V${bottom}"/><text class="tick" x="${px(x(tick))}" y="${bottom + 17}" text-anchor="middle">${label(percent ? tick * 100 : tick)}</text>`)}
<path class="zero" d="M${px(x(0))} 8V${bottom}"/>
${effects.map((effect, index) => drawLane(format, effect, 8 + lane * index, x))}
<path class="axis" d="M${left} ${bottom}H${right}"/>
<text class="axis-title" x="${right}" y="${height - 4}" text-anchor="end">worth in ${metric}${percent && ', percentage points'}</text>
</svg>`
}

function drawLane(format: MetricFormat, { name, difference }: Effect, top: number, x: Scale): Html {
  const middle = top + 38
  const { values, mean, interval } = difference
  const ends = interval ?? { low: mean, high: mean }
  const title = `${name}: ${formatDifference(format, mean)}${interval === null ? '' : `, 95 % from ${formatInterval(format, interval)}`}`
  const [from, to] = [Math.max(left, x(ends.low)), Math.min(right, x(ends.high))]
  return html`<g class="lane"><text class="lane-title" x="${left}" y="${top + 16}">${shorten(name)}</text>
<g class="measured"><path class="interval" d="M${px(from)} ${middle}H${px(to)}M${px(x(mean))} ${middle - 6}v12"/><title>${title}</title></g>
${values.map((value) => html`<g class="mark dot measured"><path class="sign" d="${signPath('dot', x(value), middle - 10, 1.15)}"/><title>${formatDifference(format, value)}</title></g>`)}</g>
`
}

/** SVG text does not wrap; the table has the whole name. */
const shorten = (name: string): string => (name.length > 60 ? `${name.slice(0, 59)}…` : name)

/** What the axis must reach: every pair; an interval only as far as it is not far wider, as that of two seeds is. */
function reachOf({ values, mean, interval }: PairedDifference): number[] {
  if (interval === null) return [...values]
  const span = Math.max(...values, 0) - Math.min(...values, 0)
  return [...values, Math.max(interval.low, mean - 2 * span), Math.min(interval.high, mean + 2 * span)]
}

function summaryOf(format: MetricFormat, effects: readonly Effect[]): string {
  return effects.map(({ name, difference }) => `${name}: ${formatDifference(format, difference.mean)}`).join('; ')
}
