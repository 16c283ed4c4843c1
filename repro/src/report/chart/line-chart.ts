import { type Html, html, px } from '../html.ts'
import { drawMark, type Mark } from './marks.ts'
import { decimate, type Point, quantile, stretches } from './points.ts'
import { createScale, extentOf, isPlaceable, type Scale, tickLabel } from './scale.ts'

/** A tone is a colour of the style sheet: what belongs together. */
export type Tone = 'train' | 'valid' | 'schedule' | 'momentum' | 'bad' | 'ink'

export interface Line {
  readonly tone: Tone
  /** `thin`: raw values in the background; `line`: what to read; `dashed`: documented. */
  readonly look: 'thin' | 'line' | 'dashed'
  readonly points: readonly Point[]
  /** Values of single steps, of which the highest may leave the frame. */
  readonly steps?: boolean
  /** Shown when the pointer rests on the line. */
  readonly title: string
  readonly seed?: number
  /** From 0 to 1: many lines of one tone are drawn fainter. */
  readonly opacity?: number
}

export interface EndLabel {
  readonly tone: Tone
  readonly text: string
  readonly y: number
}

export interface LineChart {
  /** What the chart shows, for those who cannot see it. */
  readonly summary: string
  readonly height: number
  readonly x: {
    readonly label: string
    readonly domain: readonly [number, number]
    /** The label of a tick; the number itself by default. */
    readonly format?: (tick: number) => string
  }
  /** `percent`: values are shares, labelled in per cent. */
  readonly y: { readonly label: string; readonly percent?: boolean; readonly fromZero?: boolean }
  readonly lines: readonly Line[]
  readonly marks: readonly Mark[]
  /** Words at the right end of lines, at the height of a value. */
  readonly labels?: readonly EndLabel[]
  /** Most points that a line is drawn with. */
  readonly limit?: number
}

const width = 480
const fontWidth = 6.6

/** Draws lines and marks in a frame with axes, as inline SVG. */
export function drawLineChart(given: LineChart): Html {
  // What is infinite has no place on an axis, and would take the place of everything else.
  const chart = {
    ...given,
    marks: given.marks.filter(({ x, y }) => isPlaceable(x) && isPlaceable(y)),
    labels: (given.labels ?? []).filter(({ y }) => isPlaceable(y)),
  }
  const { height, lines, marks, labels, limit = 1000 } = chart
  const labelOf = (step: number) => {
    const label = tickLabel(chart.y.percent === true ? step * 100 : step)
    return (value: number) => label(chart.y.percent === true ? value * 100 : value)
  }
  const yDomain = rangeOf(chart)
  const frame = {
    left: 0,
    right: width - (labels.length > 0 ? 54 : 14),
    top: chart.y.label === '' ? 10 : 26,
    bottom: height - 36,
  }
  const y = createScale(yDomain, [frame.bottom, frame.top], { nice: true, count: height < 200 ? 3 : 5 })
  const yLabel = labelOf(y.step)
  frame.left = 12 + fontWidth * Math.max(...y.ticks.map((tick) => yLabel(tick).length))
  const x = createScale(extentOf(chart.x.domain), [frame.left, frame.right], { whole: true, count: 8 })

  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.summary}">
${chart.y.label !== '' && html`<text class="axis-title" x="2" y="13">${chart.y.label}</text>`}
${y.ticks.map((tick) => html`<path class="grid" d="M${px(frame.left)} ${px(y(tick))}H${frame.right}"/><text class="tick" x="${px(frame.left - 6)}" y="${px(y(tick) + 4)}" text-anchor="end">${yLabel(tick)}</text>`)}
${x.ticks.map((tick) => html`<path class="notch" d="M${px(x(tick))} ${frame.bottom}v4"/><text class="tick" x="${px(x(tick))}" y="${frame.bottom + 17}" text-anchor="middle">${(chart.x.format ?? String)(tick)}</text>`)}
<text class="axis-title" x="${frame.right}" y="${height - 3}" text-anchor="end">${chart.x.label}</text>
<svg class="${lines.length > 24 && 'many'}" x="0" y="${frame.top - 6}" width="${width}" height="${frame.bottom - frame.top + 12}" viewBox="0 ${frame.top - 6} ${width} ${frame.bottom - frame.top + 12}">
${lines.map((line) => drawLine(line, x, y, limit))}
</svg>
<path class="axis" d="M${px(frame.left)} ${frame.bottom}H${frame.right}"/>
${marks.map((mark) => drawMark(mark, x, y))}
${drawLabels(labels, frame.right + 10, y)}</svg>`
}

/** Labels in the order of their values, kept a line apart. */
function drawLabels(labels: readonly EndLabel[], x: number, y: Scale): Html[] {
  let previous = Number.NEGATIVE_INFINITY
  return labels
    .map((label) => ({ ...label, at: y(label.y) }))
    .sort((a, b) => a.at - b.at)
    .map(({ text, tone, at }) => {
      previous = Math.max(at, previous + 14)
      return html`<text class="end-label ${tone}" x="${px(x)}" y="${px(previous + 4)}">${text}</text>
`
    })
}

function drawLine({ points, tone, look, title, seed, opacity }: Line, x: Scale, y: Scale, limit: number): Html {
  const parts = stretches(points)
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  const d = parts
    .map((part) => {
      const share = Math.max(4, Math.floor((limit * part.length) / total))
      const [first, ...rest] = decimate(part, share)
      const at = (point: { readonly x: number; readonly y: number }) => `${px(x(point.x))} ${px(y(point.y))}`
      const start = `M${at(first!)}`
      // A stretch of one point would be invisible; round line caps make it a dot.
      return rest.length === 0 ? `${start}h0` : `${start}L${rest.map(at).join(' ')}`
    })
    .join('')
  return html`<path class="${look} ${tone}" d="${d}"${seed !== undefined && html` data-seed="${seed}"`}${opacity !== undefined && html` opacity="${px(opacity)}"`}><title>${title}</title></path>
`
}

/**
 * All that must be seen: marks and lines, but not the steep start and the rarest peaks of step-by-step values: they
 * leave the frame, or the rest would be a flat line at its bottom.
 */
function rangeOf({ lines, marks, y }: LineChart): readonly [number, number] {
  const values = (points: readonly Point[]) =>
    points.flatMap(({ y: value }) => (value === null || !isPlaceable(value) ? [] : [value]))
  return extentOf([
    ...lines.flatMap(({ points, steps }) => (steps === true ? robust(values(points)) : values(points))),
    ...marks.map((mark) => mark.y),
    ...(y.fromZero === true ? [0] : []),
  ])
}

const robust = (values: readonly number[]) =>
  values.length === 0 ? [] : [quantile(values, 0.002), quantile(values, 0.95)]
