import type { MetricFormat } from '@tricklab/core/contracts'
import { formatDifference, formatInterval, formatSize, formatValue, isPercent } from '../../format.ts'
import type { VerdictRow } from '../../verdict/verdict-row.ts'
import { type Html, html } from '../html.ts'
import { axis, bar, fluid, line, sign, span, text, within } from './fluid.ts'
import { createScale, extentOf, type Scale } from './scale.ts'

const lane = 58

/**
 * One lane a row: the documented value with its tolerance as a band, every measured value, and the measured mean with
 * its 95 % interval. Null when nothing was measured in full.
 */
export function drawForestChart(rows: readonly VerdictRow[]): Html | null {
  const shown = rows.filter(({ measured, partial }) => measured !== null && !partial)
  const [first] = shown
  if (first === undefined) return null
  const percent = isPercent(first.format)
  const bottom = 8 + lane * shown.length
  const x = createScale(extentOf(shown.flatMap(valuesOf)), span, { count: 7 })
  return fluid('forest', bottom + 40, summaryOf(shown), [
    axis(x, bottom, `${first.metric}${percent ? ', %' : ''}`, percent ? 100 : 1),
    shown.map((row, index) => drawLane(row, 8 + lane * index, x)),
  ])
}

function drawLane(row: VerdictRow, top: number, x: Scale): Html {
  const middle = top + 36
  const { format, reported, tolerance } = row
  return html`<g class="lane">${text('lane-title', 0, top + 16, 'start', shorten(row.row))}
${reported !== null && tolerance !== null && band(format, reported.mean, tolerance, middle, x)}
${reported !== null && sign('diamond', 'reported', x(reported.mean), middle, `documented ${formatValue(format, reported.mean)}`, 26)}
${measuredSigns(row, middle, x)}</g>`
}

/** SVG text does not wrap; the table above has the whole name. */
const shorten = (name: string): string => (name.length > 45 ? `${name.slice(0, 44)}…` : name)

function band(format: MetricFormat, mean: number, tolerance: number, middle: number, x: Scale): Html {
  const title = `documented ${formatValue(format, mean)}, tolerance ${formatSize(format, tolerance)}`
  const [from, to] = [inRange(format, mean - tolerance), inRange(format, mean + tolerance)]
  return bar('band', within(x(from)), within(x(to)), middle - 13, 26, title)
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
  const [from, to] = [inRange(format, mean - half), inRange(format, mean + half)]
  return html`<g class="measured">${line('interval', [within(x(from)), y], [within(x(to)), y])}${line('interval', [x(mean), y - 5], [x(mean), y + 5])}<title>${title}</title></g>
${values.map((value) => sign('dot', 'measured', x(value), middle - 5, formatValue(format, value)))}`
}

/** No share is below 0 or above 1, so no band or interval of one reaches there. */
const inRange = (format: MetricFormat, value: number): number =>
  isPercent(format) ? Math.min(1, Math.max(0, value)) : value

/** What the axis must reach: every value; the tolerance and the interval only as far as they are not far wider. */
function valuesOf({ format, reported, measured, halfWidth, tolerance }: VerdictRow): number[] {
  const values = [...measured!.values, ...(reported === null ? [] : [reported.mean])]
  const [least, greatest] = extentOf(values)
  const width = greatest - least
  const reach = Math.max(2 * width, 1.2 * (tolerance ?? 0)) || 0.01
  const half = Math.min(halfWidth ?? 0, reach)
  const ends = [
    measured!.mean - half,
    measured!.mean + half,
    ...(reported === null || tolerance === null ? [] : [reported.mean - tolerance, reported.mean + tolerance]),
  ]
  return [...values, ...ends.map((end) => inRange(format, end))]
}

function summaryOf(rows: readonly VerdictRow[]): string {
  const lines = rows.map(({ row, format, measured, reported, verdict }) => {
    const documented = reported === null ? '' : `, documented ${formatValue(format, reported.mean)}`
    return `${row}: measured ${formatValue(format, measured!.mean)}${documented}, ${verdict}`
  })
  return lines.join('; ')
}
