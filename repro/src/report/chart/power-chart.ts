import { type Html, html, px } from '../html.ts'
import { signPath } from './marks.ts'
import { extentOf, isPlaceable } from './scale.ts'

const width = 480
const height = 320
const frame = { left: 62, right: width - 16, top: 26, bottom: height - 44 }

export interface PowerSeries {
  readonly name: string
  readonly tone: 'train' | 'valid'
  readonly points: readonly { readonly x: number; readonly y: number }[]
  /** The fitted power law and where it was fitted from. */
  readonly fit: { readonly exponent: number; readonly factor: number; readonly from: number } | null
}

/**
 * Costs over positions, both axes logarithmic: a power law is a straight line, its exponent the slope. What has no
 * logarithm is left out.
 */
export function drawPowerChart(chart: {
  readonly summary: string
  readonly xLabel: string
  readonly yLabel: string
  readonly format: (value: number) => string
  readonly series: readonly PowerSeries[]
  /** A vertical line with a label. */
  readonly mark?: { readonly x: number; readonly label: string }
}): Html {
  const series = chart.series.map((one) => ({ ...one, points: one.points.filter(hasPlace) }))
  const points = series.flatMap((one) => one.points)
  const x = logScale(
    points.map((point) => point.x),
    [frame.left + 8, frame.right - 8],
  )
  const y = logScale(
    points.map((point) => point.y),
    [frame.bottom - 8, frame.top + 8],
  )
  const xs = [...new Set(points.map((point) => point.x))]
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.summary}">
<text class="axis-title" x="2" y="13">${chart.yLabel}</text>
${decades(points.map((point) => point.y)).map((tick) => html`<path class="grid" d="M${frame.left} ${px(y(tick))}H${frame.right}"/><text class="tick" x="${frame.left - 6}" y="${px(y(tick) + 4)}" text-anchor="end">${chart.format(tick)}</text>`)}
${xs.map((tick) => html`<path class="notch" d="M${px(x(tick))} ${frame.bottom}v4"/>`)}
${apart(xs, x).map((tick) => html`<text class="tick" x="${px(x(tick))}" y="${frame.bottom + 17}" text-anchor="middle">${tick}</text>`)}
<text class="axis-title" x="${frame.right}" y="${height - 6}" text-anchor="end">${chart.xLabel}</text>
${chart.mark !== undefined && isPositive(chart.mark.x) && html`<path class="zero" d="M${px(x(chart.mark.x))} ${frame.top}V${frame.bottom}"/><text x="${px(x(chart.mark.x) + 5)}" y="${frame.top + 8}">${chart.mark.label}</text>`}
<path class="axis" d="M${frame.left} ${frame.bottom}H${frame.right}"/>
${series.map(
  ({ name, tone, points: own, fit }) => html`${fit !== null && fitLine(own, fit, tone, x, y)}
${own.map((point) => html`<g class="mark dot ${tone}"><path class="sign" d="${signPath('dot', x(point.x), y(point.y), 1.2)}"/><title>${name}, ${point.x}: ${chart.format(point.y)}</title></g>`)}`,
)}
</svg>`
}

const isPositive = (value: number): boolean => value > 0 && isPlaceable(value)

const hasPlace = ({ x, y }: { readonly x: number; readonly y: number }): boolean => isPositive(x) && isPositive(y)

/** The law where it was fitted; before that the points speak for themselves. */
function fitLine(
  points: PowerSeries['points'],
  { exponent, factor, from }: NonNullable<PowerSeries['fit']>,
  tone: string,
  x: (value: number) => number,
  y: (value: number) => number,
): Html | null {
  const fitted = points
    .filter((point) => point.x >= from)
    .map((point) => ({ x: point.x, y: factor * point.x ** exponent }))
    .filter(hasPlace)
  const [first, last] = [fitted[0], fitted.at(-1)]
  if (first === undefined || last === undefined) return null
  const at = (point: typeof first) => `${px(x(point.x))} ${px(y(point.y))}`
  return html`<path class="line ${tone}" d="M${at(first)}L${at(last)}"><title>exponent ${exponent.toFixed(3)}</title></path>`
}

/** The ticks whose labels do not touch; the outermost always, the others from the left. */
function apart(ticks: readonly number[], x: (value: number) => number): number[] {
  const room = 8
  const half = (tick: number) => 3.6 * String(tick).length
  const free = (left: number, right: number) => x(right) - half(right) - (x(left) + half(left)) >= room
  const sorted = [...ticks].sort((a, b) => a - b)
  const last = sorted.at(-1)!
  const shown: number[] = []
  for (const tick of sorted) {
    const before = shown.at(-1)
    if (tick === last || ((before === undefined || free(before, tick)) && free(tick, last))) shown.push(tick)
  }
  return shown
}

function logScale(values: readonly number[], [from, to]: readonly [number, number]): (value: number) => number {
  const [low, high] = extentOf(values, [1, 1]).map(Math.log) as [number, number]
  const slope = high > low ? (to - from) / (high - low) : 0
  return (value) => from + (Math.log(value) - low) * slope
}

/** Powers of ten within the values, or 1, 2 and 5 times them where those are few. */
function decades(values: readonly number[]): number[] {
  const [low, high] = extentOf(values, [1, 1])
  const list = (factors: readonly number[]) => {
    const ticks: number[] = []
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      ticks.push(...factors.map((factor) => factor * 10 ** power).filter((tick) => tick >= low && tick <= high))
    }
    return ticks
  }
  const whole = list([1])
  return whole.length >= 3 ? whole : list([1, 2, 5])
}
