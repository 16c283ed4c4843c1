import { type Html, html, px } from '../html.ts'
import { createScale, type Scale, tickLabel } from './scale.ts'

const width = 640
const [left, right] = [96, width - 64]
const [title, bar, gap] = [26, 14, 10]

/** What one thing adds to costs. */
export interface CostLane {
  readonly name: string
  readonly costs: readonly AddedCost[]
}

export interface AddedCost {
  readonly name: string
  /** Share of the cost without the thing: .05 for a twentieth more. Null: not known. */
  readonly share: number | null
}

/** One lane a thing, with a bar a cost to both sides of a line at zero; null when nothing is known. */
export function drawCostChart(lanes: readonly CostLane[]): Html | null {
  const shares = lanes.flatMap(({ costs }) => costs.flatMap(({ share }) => share ?? []))
  if (shares.length === 0) return null
  const [low, high] = [Math.min(0, ...shares), Math.max(0, ...shares)]
  const x = createScale([100 * low, 100 * high], [left, right], { count: 6 })
  const tops: number[] = []
  let bottom = 8
  for (const { costs } of lanes) {
    tops.push(bottom)
    bottom += title + bar * costs.length + gap
  }
  const label = tickLabel(x.step)
  const height = bottom + 40
  return html`<svg class="chart forest" viewBox="0 0 ${width} ${height}" role="img" aria-label="${summaryOf(lanes)}">
${x.ticks.map((tick) => html`<path class="grid" d="M${px(x(tick))} 8V${bottom}"/><text class="tick" x="${px(x(tick))}" y="${bottom + 17}" text-anchor="middle">${label(tick)}</text>`)}
${lanes.map((lane, index) => drawLane(lane, tops[index]!, x))}
<path class="zero" d="M${px(x(0))} 8V${bottom}"/>
<path class="axis" d="M${left} ${bottom}H${right}"/>
<text class="axis-title" x="${right}" y="${height - 4}" text-anchor="end">added to the row without the trick, %</text>
</svg>`
}

function drawLane({ name, costs }: CostLane, top: number, x: Scale): Html {
  return html`<g class="lane measured"><text class="lane-title" x="14" y="${top + 16}">${name}</text>
${costs.map((cost, index) => drawBar(cost, top + title + bar * index, x))}</g>
`
}

function drawBar({ name, share }: AddedCost, top: number, x: Scale): Html {
  const middle = top + bar / 2
  const text = html`<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${name}</text>`
  if (share === null) return html`${text}<text x="${px(x(0) + 6)}" y="${middle + 4}">not known</text>`
  const [from, to] = [x(0), x(100 * share)]
  const at = share < 0 ? from + 6 : to + 6
  return html`${text}<rect class="cost" x="${px(Math.min(from, to))}" y="${top + 2}" width="${px(Math.abs(to - from))}" height="${bar - 4}" rx="1"><title>${name}: ${formatShare(share)}</title></rect><text x="${px(at)}" y="${middle + 4}">${formatShare(share)}</text>`
}

/** `+4.2 %`; nothing added has no sign. */
function formatShare(share: number): string {
  const size = `${Math.abs(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`
  if (!/[1-9]/.test(size)) return size
  return `${share < 0 ? '−' : '+'}${size}`
}

function summaryOf(lanes: readonly CostLane[]): string {
  const known = ({ name, share }: AddedCost) => (share === null ? [] : `${name} ${formatShare(share)}`)
  return lanes.map(({ name, costs }) => `${name}: ${costs.flatMap(known).join(', ')}`).join('; ')
}
