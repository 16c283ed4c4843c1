import { type MeasurementTable, rowNames, type ScalingTable, type StepTimeTable } from '@tricklab/core/recipe'
import { formatRatio } from '../format.ts'
import { costPoints, fitCost, judgeMeasurement, turnsOf } from '../measurement/read.ts'
import { blocksOf, seriesOf } from '../measurement/scaling.ts'
import type { MeasuredRow, MeasurementRecord } from '../measurement/types.ts'
import { median, spreadOf } from '../statistics/index.ts'
import { drawPowerChart, type PowerSeries } from './chart/power-chart.ts'
import { type Html, html } from './html.ts'
import { nestedTable } from './nested-table.ts'
import type { Page } from './page.ts'
import { clock } from './row-section.ts'
import { sourceLink } from './source-link.ts'
import { badge } from './verdict-badge.ts'

/** A measured table. */
export interface MeasurementReport {
  readonly kind: 'measurement'
  readonly table: MeasurementTable
  readonly record: MeasurementRecord
}

export function measurementPage({ table, record }: MeasurementReport): Page {
  const rows = judgeMeasurement(table, record)
  const { engine, environment, turns, steps, loadAtStart, samples } = record
  const passes = table.measures === 'scaling' ? 'passes' : 'steps'
  return {
    title: record.title,
    footer: html`Made by <code>pnpm repro</code> of Tricklab from <code>measurement.json</code> alone.`,
    body: html`<header>
<p class="eyebrow">Tricklab measurement · <code>${record.table}</code></p>
<h1>${record.title}</h1>
<p class="source">Source: ${sourceLink(record.source)} · ${clock(record.ended)}</p>
</header>
${record.partial && html`<p class="banner"><b>Partial.</b> Rows were left out: there is no verdict.</p>`}
${loadAtStart > 1 && html`<p class="banner"><b>The machine was busy</b> (load average ${loadAtStart} at the start): times of single turns are of little worth; ratios within a turn suffer less.</p>`}
${claimTable(rows)}
<p class="hint">${turns} turns of every variant, one after the other, ${steps} ${passes} a turn. ${table.measures === 'scaling' ? 'The time of a turn is that of its fastest pass. Exponents by least squares on logarithms over all turns, with their 95 % interval.' : 'Ratios: median and range over turns, each the median of its steps over that of the reference in the same turn.'}</p>
${table.measures === 'scaling' ? scalingFigures(table, samples) : stepTimeTable(table, samples)}
<details><summary>Environment</summary>
${nestedTable([
  ['engine', `${engine.name} ${engine.version}, ${engine.precision}, ${engine.threads} threads`],
  ['device', engine.device],
  ['engine details', engine.details],
  ['processor', `${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB`],
  ['system', environment.os],
  ['Node.js', environment.node],
  ['commit', environment.commit ?? 'not in a git checkout'],
  ['load average at the start', loadAtStart],
  ['hash of what was measured', record.measuredHash],
])}</details>`,
  }
}

const number = (value: number | null): string => (value === null ? '–' : value.toFixed(3))

function claimTable(rows: readonly MeasuredRow[]): Html {
  return html`<div class="scroll"><table class="cards verdicts"><thead><tr><th>row</th><th>verdict</th><th class="number">documented</th><th class="number">measured</th><th class="number">tolerance</th><th>why</th></tr></thead><tbody>
${rows.map(
  ({ row, metric, reported, measured, interval, tolerance, verdict, note }) =>
    html`<tr><th scope="row" data-label="row">${row}<small>${metric}</small></th><td data-label="verdict">${badge(verdict)}</td><td class="number" data-label="documented">${number(reported)}</td><td class="number" data-label="measured">${number(measured)}${interval !== null && html`<small>${number(interval.low)} to ${number(interval.high)}</small>`}</td><td class="number" data-label="tolerance">${number(tolerance)}</td><td data-label="why">${note}</td></tr>
`,
)}</tbody></table></div>`
}

const tones = ['train', 'valid'] as const

/** Time and memory of every block over positions. */
function scalingFigures(table: ScalingTable, samples: MeasurementRecord['samples']): Html {
  const uses = Object.values(blocksOf(table)).flat()
  const series = [...new Map(uses.map((use) => [seriesOf(use), use])).entries()]
  const nameOf = (index: number) =>
    differingOptions(
      series.map(([, use]) => use),
      index,
    )
  const chart = (quantity: 'time' | 'memory'): Html | null => {
    // Round ticks are those of the unit that is shown.
    const unit = quantity === 'time' ? 1 : 2 ** 20
    const lines = series.flatMap(([key], index): PowerSeries[] => {
      const points = costPoints(samples, key, quantity).map((point) => ({
        ...point,
        y: point.y / unit,
        turns: point.turns.map((cost) => cost / unit),
      }))
      if (points.length === 0) return []
      const fit = { ...fitCost(points, table.fitFrom), from: table.fitFrom ** 2 }
      return [{ name: nameOf(index), tone: tones[index % 2]!, points, fit }]
    })
    if (lines.length === 0) return null
    const format = quantity === 'time' ? formatSmallSeconds : formatMebibytes
    const legend = lines.map(
      ({ name, tone, fit }) =>
        html`<li><span class="key ${tone}"></span>${name}: exponent ${fit!.exponent.toFixed(2)}</li>`,
    )
    return html`<figure><figcaption><span class="figure-title">${quantity === 'time' ? 'Time of a pass' : 'Memory of a pass'}</span><ul class="legend">${legend}</ul></figcaption>${drawPowerChart(
      {
        summary: `${quantity} over positions: ${lines.map(({ name, fit }) => `${name} grows with exponent ${fit!.exponent.toFixed(2)}`).join(', ')}`,
        xLabel: 'positions, H · W',
        yLabel: quantity === 'time' ? 'forward and backward' : 'most bytes of tensors beyond the start',
        format,
        series: lines,
        mark: { x: table.channels, label: `${table.channels} channels` },
      },
    )}</figure>`
  }
  return html`<div class="charts">${chart('time')}${chart('memory')}</div>`
}

/** What tells a block from the others: the options in which they differ. */
function differingOptions(uses: readonly { readonly [option: string]: unknown }[], index: number): string {
  const own = uses[index]!
  const keys = Object.keys(own).filter((key) => uses.some((other) => other[key] !== own[key]))
  return keys.length === 0 ? String(own.use) : keys.map((key) => `${key} ${String(own[key])}`).join(', ')
}

/** What a step, a prediction and a single image cost each variant. */
function stepTimeTable(table: StepTimeTable, samples: MeasurementRecord['samples']): Html {
  const { batchSize } = table.base
  const rows = rowNames(table).filter((row) => turnsOf(samples, row, 'train').length > 0)
  const reference = turnsOf(samples, table.reference, 'train')
  const cell = (label: string, main: string, small?: string) =>
    html`<td class="number" data-label="${label}">${main}${small !== undefined && html`<small>${small}</small>`}</td>`
  return html`<h3>What each variant costs</h3>
<div class="scroll"><table class="cards verdicts"><thead><tr><th>variant</th><th class="number">training step</th><th class="number">over ${table.reference}</th><th class="number">documented epoch</th><th class="number">inference</th><th class="number">latency, one image</th></tr></thead><tbody>
${rows.map((row) => {
  const train = turnsOf(samples, row, 'train')
  const spread = spreadOf(train)
  const ratio = spreadOf(train.map((seconds, turn) => seconds / reference[turn]!))
  const predict = turnsOf(samples, row, 'predict')
  const latency = turnsOf(samples, row, 'latency')
  const documented = table.rows[row]!.reported?.secondsPerEpoch
  return html`<tr><th scope="row" data-label="variant">${row}</th>
${cell('training step', formatSmallSeconds(spread.median), `${formatSmallSeconds(spread.min)} to ${formatSmallSeconds(spread.max)}`)}
${cell(`over ${table.reference}`, formatRatio(ratio.median), `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`)}
${cell('documented epoch', documented === undefined ? '–' : `${documented} s`)}
${cell('inference', predict.length === 0 ? '–' : `${(batchSize / median(predict)).toFixed(1)} images/s`)}
${cell('latency, one image', latency.length === 0 ? '–' : formatSmallSeconds(median(latency)))}</tr>
`
})}</tbody></table></div>`
}

/** `0.21 ms`, `35 ms`, `1.42 s`. */
function formatSmallSeconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`
  const milliseconds = seconds * 1000
  return `${milliseconds.toFixed(milliseconds >= 10 ? 0 : milliseconds >= 1 ? 1 : 2)} ms`
}

/** `0.5 MiB`, `20 MiB`. */
const formatMebibytes = (mebibytes: number): string => `${Number(mebibytes.toPrecision(3))} MiB`
