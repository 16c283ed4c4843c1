import {
  formatDifference,
  formatInterval,
  formatP,
  formatRatio,
  formatSeconds,
  formatSeeds,
  formatSize,
  formatSummary,
  isPercent,
} from '../format.ts'
import { type League, type LeagueRow, margin } from '../league/league.ts'
import { outcomeWords } from '../league/outcome-words.ts'
import { summarize } from '../statistics/index.ts'
import { drawLeagueChart } from './chart/league-chart.ts'
import { type Html, html } from './html.ts'
import type { Page } from './page.ts'

/** Every row of a table beside one of them. */
export interface LeagueReport {
  readonly kind: 'league'
  readonly league: League
}

export function leaguePage({ league }: LeagueReport): Page {
  const { table, title, baseline, metric, format, engine, precision, seeds, measured, rows } = league
  const compared = rows.filter(({ difference }) => difference !== null)
  const chart = drawLeagueChart(league)
  return {
    title,
    footer: html`Made by <code>pnpm lab league ${table}/${baseline}</code> of Tricklab from the files of the records alone.`,
    body: html`<header>
<p class="eyebrow">Tricklab league · <code>${table}</code></p>
<h1>${title}</h1>
<p class="source">${engine} ${precision} · <code>${baseline}</code> reaches ${formatSummary(format, measured)} ${metric} with the seed${seeds.length > 1 && 's'} ${formatSeeds(seeds)}</p>
</header>
<p class="note">Each trick is added alone to <code>${baseline}</code>: nothing else changes, and the seeds are the same. A difference above zero means that the trick helps. ${tally(compared)}</p>
${chart !== null && html`<figure class="overview"><figcaption><span class="figure-title">Difference in ${metric}, and time of an epoch</span><ul class="legend"><li><span class="key interval helps"></span>helps</li><li><span class="key interval hurts"></span>hurts</li><li><span class="key interval open"></span>neither is shown</li></ul></figcaption>${chart}</figure>`}
<h3>Differences and costs</h3>
<div class="scroll"><table class="cards verdicts"><thead><tr><th>trick</th><th>here it</th><th class="number">${metric}</th><th class="number">difference</th><th class="number">sign-flip p</th><th class="number">parameters</th><th class="number">MACs</th><th class="number">time</th><th class="number">memory</th></tr></thead><tbody>
${baselineRow(league)}${compared.map((row) => trickRow(row, league))}</tbody></table></div>
${explanation(league, compared)}
${missing(league)}`,
  }
}

/** `3 help, 1 hurts, 12 are open.` */
function tally(rows: readonly LeagueRow[]): string {
  const count = (outcome: LeagueRow['outcome']) => rows.filter((row) => row.outcome === outcome).length
  return `Of ${rows.length} tricks, ${count('helps')} help, ${count('hurts')} hurt, ${count('nothing')} are worth nothing here, and ${count('open')} are open.`
}

function baselineRow({ baseline, metric, format, measured, costs, work }: League): Html {
  const { secondsPerEpoch: seconds, peakMemoryMiB: memory } = costs
  return html`<tr><th scope="row" data-label="trick">${baseline}<small>without any</small></th><td data-label="here it">–</td>
<td class="number" data-label="${metric}">${formatSummary(format, measured)}</td><td class="number" data-label="difference">–</td><td class="number" data-label="sign-flip p">–</td>
<td class="number" data-label="parameters">${work.params.toLocaleString('en')}</td><td class="number" data-label="MACs">${(work.macs / 1e6).toFixed(1)} M</td>
<td class="number" data-label="time">${seconds === null ? '–' : formatSeconds(seconds)}</td><td class="number" data-label="memory">${memory === null ? '–' : `${memory} MiB`}</td></tr>
`
}

function trickRow(
  { trick, results, difference, correctedP, outcome, ratios }: LeagueRow,
  { metric, format }: League,
): Html {
  const { mean, interval, signFlipP, n } = difference!
  const ratio = (label: string, value: number | null) =>
    html`<td class="number" data-label="${label}">${value === null ? '–' : formatRatio(value)}</td>`
  return html`<tr><th scope="row" data-label="trick">${trick}</th><td data-label="here it">${outcomeWords[outcome]}</td>
<td class="number" data-label="${metric}">${formatSummary(format, summarize(Object.values(results)))}</td>
<td class="number" data-label="difference">${formatDifference(format, mean)}<small>${interval === null ? `${n} pair` : formatInterval(format, interval)}</small></td>
<td class="number" data-label="sign-flip p">${formatP(signFlipP)}<small>corrected ${formatP(correctedP!)}</small></td>
${ratio('parameters', ratios.params)}${ratio('MACs', ratios.macs)}${ratio('time', ratios.seconds)}${ratio('memory', ratios.memory)}</tr>
`
}

function explanation({ baseline, format, seeds }: League, compared: readonly LeagueRow[]): Html {
  const pairs = Math.max(0, ...compared.map(({ difference }) => difference!.n))
  const smallest = 2 / 2 ** Math.max(1, pairs)
  const chance = Math.round(compared.length / 20)
  return html`<p class="hint">Mean ± sample standard deviation (number of seeds). The difference is that of pairs of one seed, with its 95 % interval of the paired t test: a trick “helps” or “hurts” where the whole interval is on one side of zero${isPercent(format) && html`, and is “worth nothing here” where the interval holds zero and lies within ${formatSize(format, margin)} of it`}. Of ${compared.length} intervals about ${chance} would miss zero by chance if no trick did anything, so a single claim is weaker than its interval looks. p is that of the exact two-sided sign-flip test, and below it p corrected after Holm for all tricks. With ${pairs} pairs p cannot be below ${formatP(smallest)}, so after the correction it cannot show anything: the intervals carry the claims. Parameters, multiply-accumulates of one image, time of an epoch with its validation, and the most memory of the process are those of the trick divided by those of <code>${baseline}</code>; time and memory are medians over pairs of one seed that ran on the same processor (${formatSeeds(seeds)}).</p>`
}

function missing({ baseline, missing: own, rows }: League): Html | null {
  const lacking = [{ trick: baseline, missing: own }, ...rows].filter(({ missing }) => missing.length > 0)
  if (lacking.length === 0) return null
  return html`<h3>What is missing</h3><ul>${lacking.map(({ trick, missing }) => html`<li><b>${trick}</b>: seed${missing.length > 1 && 's'} ${formatSeeds(missing)}</li>`)}</ul>`
}
