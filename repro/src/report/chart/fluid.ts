import { type Html, html, px } from '../html.ts'
import { type Mark, signPath } from './marks.ts'
import { type Scale, tickLabel } from './scale.ts'

/**
 * Charts that are as wide as their card: places along the x axis are percentages, so that text and signs keep their size
 * from a phone to a large screen. A drawing with a `viewBox` would scale them with its width.
 */

/** Where the axis begins and ends, in per cent: half a sign and half a label fit beside it. */
export const span: readonly [number, number] = [3, 97]

const percent = (place: number): string => `${px(place)}%`

/** A place inside the drawing: what reaches further is cut at its edge. */
export const within = (place: number): number => Math.min(100, Math.max(0, place))

/** Whether all places lie in the drawing. Infinite values have none; what would stand there is left out. */
const arePlaces = (...places: readonly number[]): boolean => places.every((place) => place >= -1 && place <= 101)

const nothing = html``

/** Everything of a chart, `height` pixels high. */
export function fluid(name: string, height: number, summary: string, body: readonly (Html | Html[])[]): Html {
  return html`<svg class="chart fluid ${name}" style="height: ${height}px" role="img" aria-label="${summary}">
${body}
</svg>`
}

/** A line from one place to another. */
export function line(kind: string, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): Html {
  if (!arePlaces(x1, x2)) return nothing
  return html`<line class="${kind}" x1="${percent(x1)}" y1="${y1}" x2="${percent(x2)}" y2="${y2}"/>`
}

/** Text whose anchor is moved by `shift` pixels. */
export function text(
  kind: string,
  at: number,
  y: number,
  anchor: 'start' | 'middle' | 'end',
  words: string,
  shift = 0,
): Html {
  if (!arePlaces(at)) return nothing
  return html`<text class="${kind}" x="${percent(at)}" y="${y}" text-anchor="${anchor}"${shift !== 0 && html` dx="${shift}"`}>${words}</text>`
}

/** A rectangle between two places. */
export function bar(kind: string, from: number, to: number, top: number, height: number, title: string): Html {
  if (!arePlaces(from, to)) return nothing
  const [left, right] = [Math.min(from, to), Math.max(from, to)]
  return html`<rect class="${kind}" x="${percent(left)}" y="${top}" width="${percent(right - left)}" height="${height}" rx="2"><title>${title}</title></rect>`
}

/** A sign with its title around a place; `tall` is the length of a line through it. */
export function sign(shape: Mark['shape'], tone: string, at: number, y: number, title: string, tall = 0): Html {
  if (!arePlaces(at)) return nothing
  return html`<g class="mark ${shape} ${tone}"><svg x="${percent(at)}" y="${y}" overflow="visible">${tall > 0 && html`<path class="bar" d="M0 ${-tall / 2}v${tall}"/>`}<path class="sign" d="${signPath(shape, 0, 0, 1.15)}"/></svg><title>${title}</title></g>`
}

/** Ticks with their labels below, the axis as far as `end`, and its title. The drawing is `bottom + 40` pixels high. */
export function axis(x: Scale, bottom: number, title: string, factor = 1, end = 100): Html {
  const label = tickLabel(x.step * factor)
  return html`${x.ticks.map((tick) => [
    line('grid', [x(tick), 8], [x(tick), bottom]),
    text('tick', x(tick), bottom + 17, 'middle', label(tick * factor)),
  ])}
${line('axis', [0, bottom], [end, bottom])}
${text('axis-title', end, bottom + 36, 'end', title)}`
}
