import type { RunRecord } from '../record/read.ts'
import type { Verdict } from '../record/types.ts'
import { type VerdictRow, verdictRow } from '../verdict/verdict-row.ts'
import { verdictWords } from '../verdict/words.ts'
import { type AblationReport, ablationPage } from './ablation.ts'
import { drawForestChart } from './chart/forest-chart.ts'
import { type ClosedFormReport, closedFormSection } from './closed-form.ts'
import { type Html, html } from './html.ts'
import { type LeagueReport, leaguePage } from './league.ts'
import { type MeasurementReport, measurementPage } from './measurement.ts'
import { type Page, renderPage } from './page.ts'
import { clock, rowSection } from './row-section.ts'
import { sourceLink } from './source-link.ts'
import { exactBadge } from './verdict-badge.ts'
import { verdictTable } from './verdict-table.ts'

/** Trained rows, of one table or several. */
interface RunsReport {
  readonly kind: 'runs'
  readonly records: readonly RunRecord[]
  /** A training goes on and writes the page again: the page reloads itself. */
  readonly live?: boolean
}

export type ReportData = RunsReport | ClosedFormReport | AblationReport | LeagueReport | MeasurementReport

/** One self-contained HTML file: no script, no network, light and dark, for screen, phone and paper. */
export function renderReport(data: ReportData): string {
  if (data.kind === 'closed-form') return renderPage(closedFormPage(data))
  if (data.kind === 'ablation') return renderPage(ablationPage(data))
  if (data.kind === 'league') return renderPage(leaguePage(data))
  if (data.kind === 'measurement') return renderPage(measurementPage(data))
  return renderPage(runsPage(data))
}

/** How often a page looks whether a training has written it again. */
const reloadSeconds = 10

interface Entry {
  readonly record: RunRecord
  readonly row: VerdictRow
  readonly id: string
}

function runsPage({ records, live }: RunsReport): Page {
  const entries = records.map((record, index) => ({ record, row: verdictRow(record), id: `row-${index + 1}` }))
  const tables = groupBy(entries, ({ record }) => record.manifest.table)
  const [first] = records
  const single = tables.size === 1 && first !== undefined
  const footer = html`Made by <code>pnpm repro</code> of Tricklab from the files of the record${records.length > 1 && 's'} alone.`
  const title = single ? first.manifest.title : 'Reproduction report'
  return {
    title,
    footer,
    ...(live === true ? { reloadSeconds } : {}),
    body: html`${!single && html`<header><p class="eyebrow">Tricklab</p><h1>${title}</h1></header>`}
${entries.length === 0 && html`<p class="note">There are no records to show.</p>`}
${[...tables.values()].map((group) => tableSection(group, single))}`,
  }
}

function tableSection(entries: readonly Entry[], single: boolean): Html {
  const { manifest } = entries[0]!.record
  const rows = entries.map(({ row }) => row)
  const charts = [...groupBy(rows, ({ metric }) => metric).values()].map(drawForestChart)
  const partial = rows.length > 1 && rows.some((row) => row.partial)
  return html`<header>
<p class="eyebrow">${single && 'Tricklab reproduction · '}<code>${manifest.table}</code></p>
${single ? html`<h1>${manifest.title}</h1>` : html`<h1 class="minor">${manifest.title}</h1>`}
<p class="source">Source: ${sourceLink(manifest.source)} · ${period(entries)}</p>
<p class="tally">${tally(rows)}</p>
</header>
${partial && html`<p class="banner"><b>Partial.</b> At least one run was shortened and has no verdict.</p>`}
${verdictTable(
  rows,
  entries.map(({ id }) => id),
)}
${charts.some((chart) => chart !== null) && html`<figure class="overview"><figcaption><span class="figure-title">Measured against documented</span><ul class="legend"><li><span class="key dot measured"></span>each seed</li><li><span class="key interval"></span>mean, 95 % interval</li><li><span class="key diamond reported"></span>documented</li><li><span class="key band"></span>tolerance</li></ul></figcaption>${charts}</figure>`}
${entries.map(({ record, row, id }) => rowSection(record, row, id, entries.length <= 2))}`
}

/** `3 reproduced, 1 inconclusive` */
function tally(rows: readonly VerdictRow[]): Html[] {
  const counts = groupBy(rows, ({ verdict }) => verdict)
  const verdicts = Object.entries(verdictWords) as [Verdict, { sign: string; words: string }][]
  return verdicts.flatMap(([verdict, { sign, words }]) => {
    const count = counts.get(verdict)?.length
    return count === undefined
      ? []
      : [
          html`<span class="badge ${verdict}"><span class="badge-sign" aria-hidden="true">${sign}</span>${count} ${words}</span> `,
        ]
  })
}

function period(entries: readonly Entry[]): string {
  const started = entries.map(({ record }) => record.manifest.started).sort()[0]!
  const ends = entries.map(({ record }) => record.manifest.ended)
  if (ends.includes(null)) return `${clock(started)}, not finished`
  const ended = (ends as string[]).sort().at(-1)!
  return started.slice(0, 10) === ended.slice(0, 10) ? clock(ended) : `${clock(started)} to ${clock(ended)}`
}

function closedFormPage(data: ClosedFormReport): Page {
  return {
    title: data.title,
    footer: html`Made by <code>pnpm repro</code> of Tricklab from the models alone.`,
    body: html`<header>
<p class="eyebrow">Tricklab reproduction · <code>${data.table}</code></p>
<h1>${data.title}</h1>
<p class="source">Source: ${sourceLink(data.source)}</p>
<p class="tally">${data.rows.map((row, index) => html`<a href="#row-${index + 1}">${row.row}</a> ${exactBadge(row.verdict)} `)}</p>
</header>
<p class="note">These numbers follow from the models alone: they are computed, not trained, and must agree exactly.</p>
${data.rows.map((row, index) => closedFormSection(row, `row-${index + 1}`))}`,
  }
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
