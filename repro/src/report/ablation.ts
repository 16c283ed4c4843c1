import type { MetricTraits } from '@tricklab/core/recipe'
import type { Ablation, AblationRow } from '../ablation/result.ts'
import {
  formatDifference,
  formatDigits,
  formatInterval,
  formatP,
  formatRatio,
  formatSeconds,
  formatSigned,
  formatSummary,
} from '../format.ts'
import { type CostLane, drawCostChart } from './chart/cost-chart.ts'
import { drawEffectChart } from './chart/effect-chart.ts'
import { type Html, html } from './html.ts'
import type { Page } from './page.ts'

/** Name and format of the metric that a page is about. */
type ShownMetric = Pick<MetricTraits, 'name' | 'format'>

type CostKey = 'params' | 'macs' | 'secondsPerEpoch' | 'peakMemoryMiB'

/** What each trick of a row is worth. */
export interface AblationReport {
  readonly kind: 'ablation'
  readonly ablation: Ablation
}

export function ablationPage({ ablation }: AblationReport): Page {
  const { table, row, title, metric, format, better, seeds, engine, precision, partial, rows } = ablation
  const [whole, ...others] = rows as [AblationRow, ...AblationRow[]]
  const effects = others.flatMap(({ trick, worth }) =>
    trick === null || worth === null ? [] : [{ name: trick, difference: worth }],
  )
  const shown = { name: metric, format }
  const chart = drawEffectChart(shown, effects)
  const costs = drawCostChart(others.flatMap((other) => costLane(other, whole)))
  const smallest = 2 / 2 ** seeds.length
  return {
    title: `Ablation of ${table}/${row}`,
    footer: html`Made by <code>pnpm lab ablate</code> of Tricklab from the files of the records alone.`,
    body: html`<header>
<p class="eyebrow">Tricklab ablation · <code>${table}/${row}</code></p>
<h1>What each trick of ${row} is worth</h1>
<p class="source">${title} · ${engine} ${precision} · seed${seeds.length > 1 && 's'} ${seeds.join(', ')}</p>
</header>
${partial && html`<p class="banner"><b>Partial.</b> The runs were shortened: the differences are those of the shortened training.</p>`}
<p class="note">Each trick is left out alone: nothing else changes, and the seeds are the same. ${better === 'higher' ? html`Worth is the ${metric} of the whole row minus the ${metric} without the trick.` : html`Worth is the ${metric} without the trick minus the ${metric} of the whole row.`} A trick with a worth above zero helps.</p>
${chart !== null && html`<figure class="overview"><figcaption><span class="figure-title">Worth in ${metric}</span><ul class="legend"><li><span class="key dot measured"></span>each seed</li><li><span class="key interval"></span>mean, 95 % interval</li></ul></figcaption>${chart}</figure>`}
${costs !== null && html`<figure class="overview"><figcaption><span class="figure-title">Cost</span><span class="hint">added by the trick to the row without it</span></figcaption>${costs}</figure>`}
<h3>Accuracy and cost</h3>
<div class="scroll"><table class="cards verdicts"><thead><tr><th>without</th><th class="number">${metric}</th><th class="number">worth</th><th class="number">sign-flip p</th><th class="number">parameters</th><th class="number">million MACs</th><th class="number">time an epoch</th><th class="number">peak memory</th></tr></thead><tbody>
${wholeRow(whole, shown)}${others.map((other) => ablatedRow(other, whole, shown))}</tbody></table></div>
<p class="hint">Mean ± sample standard deviation (number of seeds). The 95 % interval of the worth is that of the paired t test over seeds. p is that of the exact two-sided sign-flip test over all ${2 ** seeds.length} choices of signs; with ${seeds.length} seed${seeds.length > 1 && 's'} it cannot be below ${formatP(smallest)}. Costs are of the row without the trick; below each stands its ratio to the whole row. Time is the median over epochs, with validation. Memory is the most that a training process used.</p>
${failures(rows)}`,
  }
}

function costLane(without: AblationRow, whole: AblationRow): CostLane[] {
  if (without.trick === null) return []
  const added = (name: string, key: CostKey) => {
    const [all, less] = [whole[key], without[key]]
    return { name, share: all === null || less === null || less === 0 ? null : all / less - 1 }
  }
  return [
    {
      name: without.trick,
      costs: [
        added('parameters', 'params'),
        added('MACs', 'macs'),
        added('time', 'secondsPerEpoch'),
        added('memory', 'peakMemoryMiB'),
      ],
    },
  ]
}

function wholeRow({ row, ...figures }: AblationRow, metric: ShownMetric): Html {
  return html`<tr><th scope="row" data-label="without">nothing<small>${row}, the whole row</small></th>
${resultCell(figures, metric)}
<td class="number" data-label="worth">–</td><td class="number" data-label="sign-flip p">–</td>
${costCells({ ...figures, row }, null)}</tr>
`
}

function ablatedRow(line: AblationRow, whole: AblationRow, metric: ShownMetric): Html {
  const { format } = metric
  const { trick, place, instead, sameAs, worth } = line
  const values = worth?.values.map((value) => formatSigned(format, value)).join(' · ')
  return html`<tr><th scope="row" data-label="without">${trick}<small>${place}${instead !== null && html`: ${instead} instead`}</small>${sameAs !== null && html`<small>the same recipe as ${sameAs}</small>`}</th>
${resultCell(line, metric)}
<td class="number" data-label="worth">${worth === null ? '–' : formatDifference(format, worth.mean)}${worth?.interval && html`<small>${formatInterval(format, worth.interval)}</small>`}${worth !== null && worth.n > 1 && html`<small class="values">${values}</small>`}</td>
<td class="number" data-label="sign-flip p">${worth === null ? '–' : formatP(worth.signFlipP)}</td>
${costCells(line, whole)}</tr>
`
}

function resultCell(
  { measured, results }: Pick<AblationRow, 'measured' | 'results'>,
  { name, format }: ShownMetric,
): Html {
  const values = Object.values(results).map((value) => formatDigits(format, value))
  return html`<td class="number" data-label="${name}">${measured === null ? '–' : formatSummary(format, measured)}${values.length > 1 && html`<small class="values">${values.join(' · ')}</small>`}</td>`
}

/** Costs, and how many times those of the whole row. */
function costCells(line: AblationRow, whole: AblationRow | null): Html {
  const times = (key: CostKey) => {
    const [own, reference] = [line[key], whole?.[key] ?? null]
    return own === null || reference === null ? null : html`<small>${formatRatio(own / reference)}</small>`
  }
  const { params, macs, secondsPerEpoch, peakMemoryMiB } = line
  return html`<td class="number" data-label="parameters">${params.toLocaleString('en')}${times('params')}</td>
<td class="number" data-label="million MACs">${(macs / 1e6).toFixed(macs < 1e8 ? 2 : 0)}${times('macs')}</td>
<td class="number" data-label="time an epoch">${secondsPerEpoch === null ? '–' : formatSeconds(secondsPerEpoch)}${times('secondsPerEpoch')}</td>
<td class="number" data-label="peak memory">${peakMemoryMiB === null ? '–' : `${peakMemoryMiB} MiB`}${times('peakMemoryMiB')}</td>`
}

function failures(rows: readonly AblationRow[]): Html | null {
  const failed = rows.filter(({ error }) => error !== null)
  if (failed.length === 0) return null
  return html`<h3>Seeds that are missing</h3><ul>${failed.map(({ row, error }) => html`<li><b>${row}</b>: ${error}</li>`)}</ul>`
}
