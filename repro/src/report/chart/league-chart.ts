import type { MetricTraits } from '@tricklab/core/recipe'
import { formatDifference, formatInterval, formatRatio, isPercent } from '../../format.ts'
import type { League, LeagueRow } from '../../league/league.ts'
import type { PairedDifference } from '../../statistics/index.ts'
import { type Html, html } from '../html.ts'
import { axis, bar, fluid, line, text, within } from './fluid.ts'
import { createScale, extentOf, isPlaceable, type Scale } from './scale.ts'

const lane = 40

/** Where differences are drawn, and beside them what they cost. @unit per cent of the width */
const [worth, cost] = [
  [3, 70],
  [77, 97],
] as const

type Compared = LeagueRow & { readonly difference: PairedDifference }

/**
 * One lane a trick, in the order of the league: the mean difference with its 95 % interval around a line at zero, and beside
 * it how much more time an epoch takes. Null when nothing was compared.
 */
export function drawLeagueChart({ metric, format, rows }: League): Html | null {
  const shown = rows.filter((row): row is Compared => row.difference !== null)
  if (shown.length === 0) return null
  const bottom = 8 + lane * shown.length
  const percent = isPercent(format)
  const x = createScale(extentOf([0, ...shown.flatMap(({ difference }) => reachOf(difference))]), worth, { count: 6 })
  const times = shown.flatMap(({ ratios }) => ratios.seconds ?? [])
  const y = createScale(extentOf([1, ...times]), cost)
  return fluid('league', bottom + 40, summaryOf({ format }, shown), [
    axis(x, bottom, `${metric}${percent ? ', percentage points' : ''}`, percent ? 100 : 1, worth[1]),
    [
      line('zero', [x(0), 8], [x(0), bottom]),
      line('zero', [y(1), 8], [y(1), bottom]),
      text('axis-title', 100, bottom + 36, 'end', 'time'),
    ],
    shown.map((row, index) => drawLane(row, format, 8 + lane * index, x, y)),
  ])
}

function drawLane(
  { trick, difference, outcome, ratios }: Compared,
  format: MetricTraits['format'] & {},
  top: number,
  x: Scale,
  y: Scale,
): Html {
  const middle = top + 28
  const { mean, interval } = difference
  const ends = interval ?? { low: mean, high: mean }
  const title = `${trick}: ${formatDifference(format, mean)}${interval === null ? '' : `, 95 % from ${formatInterval(format, interval)}`}`
  const { seconds } = ratios
  return html`<g class="lane">${text('lane-title', 0, top + 14, 'start', trick)}
<g class="${outcome}">${line('interval', [within(x(ends.low)), middle], [within(x(ends.high)), middle])}${line('interval', [x(mean), middle - 6], [x(mean), middle + 6])}<title>${title}</title></g>
${seconds !== null && isPlaceable(seconds) && html`<g class="measured">${bar('cost', y(1), y(seconds), middle - 5, 10, `time of an epoch ${formatRatio(seconds)}`)}</g>${text('cost-value', 100, top + 14, 'end', formatRatio(seconds))}`}</g>
`
}

/** What the axis must reach: the mean; an interval only as far as it is not far wider than the pairs, as that of two is. */
function reachOf({ values, mean, interval }: PairedDifference): number[] {
  if (interval === null) return [mean]
  const [least, greatest] = extentOf([0, ...values])
  const reach = 1.5 * (greatest - least)
  return [Math.max(interval.low, mean - reach), Math.min(interval.high, mean + reach)]
}

function summaryOf({ format }: Pick<League, 'format'>, rows: readonly Compared[]): string {
  return rows.map(({ trick, difference }) => `${trick}: ${formatDifference(format, difference.mean)}`).join('; ')
}
