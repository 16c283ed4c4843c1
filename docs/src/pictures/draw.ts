import { type Html, html } from '@tricklab/repro'

/** Parts of drawings. Colours are the site's variables, so that a picture is right on light and on dark. */

type Point = readonly [x: number, y: number]

export function drawing(
  width: number,
  height: number,
  label: string,
  body: Html | readonly Html[],
  narrow = false,
): Html {
  return html`<svg${narrow && html` class="narrow"`} viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${body}</svg>`
}

export type Anchor = 'start' | 'middle' | 'end'

export function label(x: number, y: number, text: string, anchor: Anchor = 'middle', style = ''): Html {
  return html`<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${style !== '' && html` class="${style}"`}>${text}</text>`
}

/** A box with centred lines; the first is strong. `ours` marks the trick among what stands there anyway. */
export function box(x: number, y: number, width: number, height: number, lines: readonly string[], ours = false): Html {
  const first = y + height / 2 - (lines.length - 1) * 8 + 4
  return html`<rect class="box${ours && ' ours'}" x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" rx="5"/>${lines.map(
    (line, index) => label(x + width / 2, first + 16 * index, line, 'middle', index === 0 ? 'strong' : ''),
  )}`
}

/** A line through points, with a head at the last. */
export function arrow(...points: readonly Point[]): Html {
  const [x1, y1] = points.at(-2)!
  const [x2, y2] = points.at(-1)!
  const length = Math.hypot(x2 - x1, y2 - y1)
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length]
  const head = [
    [x2, y2],
    [x2 - 7 * dx - 3.5 * dy, y2 - 7 * dy + 3.5 * dx],
    [x2 - 7 * dx + 3.5 * dy, y2 - 7 * dy - 3.5 * dx],
  ] as const
  return html`<path class="arrow" d="${line(points)}"/><path d="${line(head)}Z" fill="var(--soft)"/>`
}

/** `+`, `×` and the like in a circle. */
export function joint(x: number, y: number, sign: string): Html {
  return html`<circle class="box" cx="${x}" cy="${y}" r="11"/>${label(x, y + 5, sign, 'middle', 'strong')}`
}

export const line = (points: readonly Point[]): string =>
  points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('')

export const curve = (points: readonly Point[], colour: string, dash = ''): Html =>
  html`<path class="curve" d="${line(points)}" stroke="var(--${colour})"${dash !== '' && html` stroke-dasharray="${dash}"`}/>`

export interface Plot {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  readonly axes: Html
}

export interface PlotSpec {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly xTicks: readonly number[]
  readonly yTicks: readonly number[]
  readonly xTitle?: string
  readonly yTitle?: string
  readonly format?: (value: number) => string
}

/** A frame from the first to the last tick of each axis. */
export function plot(spec: PlotSpec): Plot {
  const { left, top, width, height, xTicks, yTicks, xTitle, yTitle, format = plain } = spec
  const x = (value: number) => left + (width * (value - xTicks[0]!)) / (xTicks.at(-1)! - xTicks[0]!)
  const y = (value: number) => top + height - (height * (value - yTicks[0]!)) / (yTicks.at(-1)! - yTicks[0]!)
  const bottom = top + height
  return {
    x,
    y,
    axes: html`${yTicks.map((tick) => html`<path class="grid" d="M${left} ${round(y(tick))}h${width}"/>${label(left - 7, y(tick) + 4, format(tick), 'end')}`)}
${xTicks.map((tick) => html`<path class="axis" d="M${round(x(tick))} ${bottom}v4"/>${label(x(tick), bottom + 18, format(tick))}`)}
<path class="axis" d="M${left} ${bottom}h${width}"/>
${xTitle !== undefined && label(left + width, bottom + 34, xTitle, 'end')}${yTitle !== undefined && label(left - 7, top - 10, yTitle, 'start')}`,
  }
}

export const plain = (value: number): string => String(round(value)).replace('-', '−')

/** To a hundredth of a pixel. */
export const round = (value: number): number => Math.round(value * 100) / 100 + 0

/** `count` values from `from` to `to`. */
export const spaced = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1))
