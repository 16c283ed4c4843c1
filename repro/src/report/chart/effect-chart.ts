import type { MetricFormat } from '@tricklab/core/contracts'
import type { MetricTraits } from '@tricklab/core/recipe'
import { formatDifference, formatInterval, isPercent } from '../../format.ts'
import type { PairedDifference } from '../../statistics/index.ts'
import { type Html, html } from '../html.ts'
import { axis, fluid, line, sign, span, text, within } from './fluid.ts'
import { createScale, extentOf, type Scale } from './scale.ts'

const lane = 56

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
  const bottom = 8 + lane * effects.length
  const x = createScale(extentOf([0, ...effects.flatMap(({ difference }) => reachOf(difference))]), span, { count: 7 })
  const percent = isPercent(format)
  return fluid('effects', bottom + 40, summaryOf(format, effects), [
    axis(x, bottom, `worth in ${metric}${percent ? ', percentage points' : ''}`, percent ? 100 : 1),
    [line('zero', [x(0), 8], [x(0), bottom])],
    effects.map((effect, index) => drawLane(format, effect, 8 + lane * index, x)),
  ])
}

function drawLane(format: MetricFormat, { name, difference }: Effect, top: number, x: Scale): Html {
  const middle = top + 38
  const { values, mean, interval } = difference
  const ends = interval ?? { low: mean, high: mean }
  const title = `${name}: ${formatDifference(format, mean)}${interval === null ? '' : `, 95 % from ${formatInterval(format, interval)}`}`
  const [from, to] = [within(x(ends.low)), within(x(ends.high))]
  return html`<g class="lane">${text('lane-title', 0, top + 16, 'start', shorten(name))}
<g class="measured">${line('interval', [from, middle], [to, middle])}${line('interval', [x(mean), middle - 6], [x(mean), middle + 6])}<title>${title}</title></g>
${values.map((value) => sign('dot', 'measured', x(value), middle - 10, formatDifference(format, value)))}</g>
`
}

/** SVG text does not wrap; the table has the whole name. */
const shorten = (name: string): string => (name.length > 45 ? `${name.slice(0, 44)}…` : name)

/** What the axis must reach: every pair; an interval only as far as it is not far wider, as that of two seeds is. */
function reachOf({ values, mean, interval }: PairedDifference): number[] {
  if (interval === null) return [...values]
  const [least, greatest] = extentOf([0, ...values])
  const reach = 2 * (greatest - least)
  return [...values, Math.max(interval.low, mean - reach), Math.min(interval.high, mean + reach)]
}

function summaryOf(format: MetricFormat, effects: readonly Effect[]): string {
  return effects.map(({ name, difference }) => `${name}: ${formatDifference(format, difference.mean)}`).join('; ')
}
