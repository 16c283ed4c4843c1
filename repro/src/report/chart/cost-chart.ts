import { type Html, html } from '../html.ts'
import { axis, bar, fluid, line, span, text } from './fluid.ts'
import { createScale, extentOf, isPlaceable, type Scale } from './scale.ts'

const [title, height, gap] = [26, 16, 10]

/** What one thing adds to costs. */
export interface CostLane {
  readonly name: string
  readonly costs: readonly AddedCost[]
}

export interface AddedCost {
  readonly name: string
  /** Share of the cost without the thing: .05 for a twentieth more. Null, and what is no finite number: not known. */
  readonly share: number | null
}

/** One lane a thing, with a bar a cost to both sides of a line at zero; null when nothing is known. */
export function drawCostChart(lanes: readonly CostLane[]): Html | null {
  const shares = lanes.flatMap(({ costs }) => costs.map(({ share }) => share).filter(isKnown))
  if (shares.length === 0) return null
  const x = createScale(extentOf([0, ...shares.map((share) => 100 * share)]), span, { count: 6 })
  const tops: number[] = []
  let bottom = 8
  for (const { costs } of lanes) {
    tops.push(bottom)
    bottom += title + height * costs.length + gap
  }
  return fluid('costs', bottom + 40, summaryOf(lanes), [
    axis(x, bottom, 'added to the row without the trick, %'),
    lanes.map((lane, index) => drawLane(lane, tops[index]!, x)),
    line('zero', [x(0), 8], [x(0), bottom]),
  ])
}

const isKnown = (share: number | null): share is number => share !== null && isPlaceable(100 * share)

function drawLane({ name, costs }: CostLane, top: number, x: Scale): Html {
  return html`<g class="lane measured">${text('lane-title', 0, top + 16, 'start', name, -margin)}
${costs.map((cost, index) => drawBar(cost, top + title + height * index, x))}</g>
`
}

/** Pixels to the left of the chart in which the names of costs stand: the style sheet leaves them free. */
const margin = 88

function drawBar({ name, share }: AddedCost, top: number, x: Scale): Html {
  const base = top + height / 2 + 4
  const label = text('cost-name', 0, base, 'end', name, -8)
  if (!isKnown(share)) return html`${label}${text('cost-value', x(0), base, 'start', 'not known', 6)}`
  const [from, to] = [x(0), x(100 * share)]
  const value = text('cost-value', share < 0 ? from : to, base, 'start', formatShare(share), 6)
  return html`${label}${bar('cost', from, to, top + 2, height - 4, `${name}: ${formatShare(share)}`)}${value}`
}

/** `+4.2 %`; nothing added has no sign. */
function formatShare(share: number): string {
  const size = `${Math.abs(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`
  if (!/[1-9]/.test(size)) return size
  return `${share < 0 ? '−' : '+'}${size}`
}

function summaryOf(lanes: readonly CostLane[]): string {
  const known = ({ name, share }: AddedCost) => (!isKnown(share) ? [] : `${name} ${formatShare(share)}`)
  return lanes.map(({ name, costs }) => `${name}: ${costs.flatMap(known).join(', ')}`).join('; ')
}
