import type { MetricFormat } from '@tricklab/core'
import { formatDifference, formatInterval, formatSize, formatValue, isPercent } from '../../format.ts'
import { type Html, html, px } from '../html.ts'
import type { VerdictRow } from '../verdict-row.ts'
import { signPath } from './marks.ts'
import { createScale, type Scale, tickLabel } from './scale.ts'

const width = 640
const [left, right, lane] = [14, width - 14, 58]

/**
 * One lane a row: the documented value with its tolerance as a band, every measured value, and the measured mean with
 * its 95 % interval. Null when nothing was measured in full.
 */
export function drawForestChart(rows: readonly VerdictRow[]): Html | null {
  const shown = rows.filter(({ measured, partial }) => measured !== null && !partial)
  const [first] = shown
  if (first === undefined) return null
  const values = shown.flatMap(valuesOf)
  const bottom = 8 + lane * shown.length
  const pad = 0.04 * (Math.max(...values) - Math.min(...values))
  const x = createScale([Math.min(...values) - pad, Math.max(...values) + pad], [left, right], { count: 7 })
  const percent = isPercent(first.format)
  const label = tickLabel(percent ? x.step * 100 : x.step)
  const height = bottom + 40
  return html`<svg class="chart forest" viewBox="0 0 ${width} ${height}" role="img" aria-label="${summaryOf(shown)}">
${x.ticks.map((tick) => html`<path class="grid" d="M${px(x(tick))} 8V${bottom}"/><text class="tick" x="${px(x(tick))}" y="${bottom + 17}" text-anchor="middle">${label(percent ? tick * 100 : tick)}</text>`)}
${shown.map((row, index) => drawLane(row, 8 + lane * index, x))}
<path class="axis" d="M${left} ${bottom}H${right}"/>
<text class="axis-title" x="${right}" y="${height - 4}" text-anchor="end">${first.metric}${percent && ', %'}</text>
</svg>`
}

function drawLane(row: VerdictRow, top: number, x: Scale): Html {
  const middle = top + 36
  return html`<g class="lane"><text class="lane-title" x="${left}" y="${top + 16}">${shorten(row.row)}</text>
${row.reported !== null && row.tolerance !== null && band(row.format, row.reported.mean, row.tolerance, middle, x)}
${row.reported !== null && reportedSign(row.format, row.reported.mean, middle, x)}
${measuredSigns(row, middle, x)}</g>`
}

/** SVG text does not wrap; the table above has the whole name. */
const shorten = (name: string): string => (name.length > 50 ? `${name.slice(0, 49)}…` : name)

function band(format: MetricFormat, mean: number, tolerance: number, middle: number, x: Scale): Html {
  const from = Math.max(left, x(mean - tolerance))
  const to = Math.min(right, x(mean + tolerance))
  return html`<rect class="band" x="${px(from)}" y="${middle - 13}" width="${px(to - from)}" height="26" rx="3"><title>documented ${formatValue(format, mean)}, tolerance ${formatSize(format, tolerance)}</title></rect>`
}

function reportedSign(format: MetricFormat, mean: number, middle: number, x: Scale): Html {
  const at = x(mean)
  return html`<g class="mark diamond reported"><path class="bar" d="M${px(at)} ${middle - 13}v26"/><path class="sign" d="${signPath('diamond', at, middle, 1.1)}"/><title>documented ${formatValue(format, mean)}</title></g>`
}

function measuredSigns(
  { format, halfWidth, measured, difference, interval }: VerdictRow,
  middle: number,
  x: Scale,
): Html {
  const { mean, values } = measured!
  const title = [
    `measured ${formatValue(format, mean)}`,
    ...(difference === null ? [] : [`difference ${formatDifference(format, difference)}`]),
    ...(interval === null ? [] : [`95 % from ${formatInterval(format, interval)}`]),
  ].join(', ')
  const half = halfWidth ?? 0
  const y = middle + 7
  const from = Math.max(left, x(mean - half))
  const to = Math.min(right, x(mean + half))
  return html`<g class="measured"><path class="interval" d="M${px(from)} ${y}H${px(to)}M${px(x(mean))} ${y - 5}v10"/><title>${title}</title></g>
${values.map((value) => html`<g class="mark dot measured"><path class="sign" d="${signPath('dot', x(value), middle - 5, 1.15)}"/><title>${formatValue(format, value)}</title></g>`)}`
}

/** What the axis must reach: every value; the tolerance and the interval only as far as they are not far wider. */
function valuesOf({ reported, measured, halfWidth, tolerance }: VerdictRow): number[] {
  const values = [...measured!.values, ...(reported === null ? [] : [reported.mean])]
  const span = Math.max(...values) - Math.min(...values)
  const reach = Math.max(2 * span, 1.2 * (tolerance ?? 0)) || 0.01
  const half = Math.min(halfWidth ?? 0, reach)
  return [
    ...values,
    measured!.mean - half,
    measured!.mean + half,
    ...(reported === null || tolerance === null ? [] : [reported.mean - tolerance, reported.mean + tolerance]),
  ]
}

function summaryOf(rows: readonly VerdictRow[]): string {
  const lines = rows.map(({ row, format, measured, reported, verdict }) => {
    const documented = reported === null ? '' : `, documented ${formatValue(format, reported.mean)}`
    return `${row}: measured ${formatValue(format, measured!.mean)}${documented}, ${verdict}`
  })
  return lines.join('; ')
}
