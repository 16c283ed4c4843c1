import type { Json } from '@tricklab/core'
import type { MetricTraits } from '@tricklab/core/recipe'
import type { Limits } from '@tricklab/train'
import { formatSeconds, formatValue } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import type { RunRecord, SeedLog } from '../record/read.ts'
import type { Manifest, RunOrigin } from '../record/types.ts'
import { secondsOf, type VerdictRow } from '../verdict/verdict-row.ts'
import { type Html, html } from './html.ts'
import { nestedTable } from './nested-table.ts'
import { rowCharts } from './row-charts.ts'
import { badge } from './verdict-badge.ts'

/**
 * Everything about one row: verdict, curves, seeds, configuration, environment. The last two begin folded unless
 * `open`.
 */
export function rowSection(record: RunRecord, row: VerdictRow, id: string, open: boolean): Html {
  const { manifest } = record
  return html`<section class="row" id="${id}">
<h2><span>${manifest.row}</span> ${badge(row.verdict)}${row.data.others !== undefined && html` <small>on ${row.data.others}</small>`}</h2>
${manifest.partial !== null && partialBanner(manifest.partial)}
${unfinishedBanner(record)}
<p class="note">${row.note}${manifest.reported?.leaderboard !== undefined && ` The leaderboard said ${formatValue(row.format, manifest.reported.leaderboard)} at the time.`}</p>
${row.data.sentence !== undefined && html`<p class="note"><b>Other photos:</b> ${row.data.sentence}${row.data.effect !== undefined && ` ${row.data.effect}`}</p>`}
${row.equivalence !== undefined && html`<p class="note"><b>Equivalence:</b> ${row.equivalence.sentence}</p>`}
${row.remark !== undefined && html`<p class="note"><b>Training above validation:</b> ${row.remark}</p>`}
${manifest.note !== undefined && html`<p class="note"><b>About this row:</b> ${manifest.note}</p>`}
${rowCharts(record)}
<h3>Seeds</h3>
${seedTable(record)}
<details${open && ' open'}><summary>Configuration and environment</summary>
<div class="columns">
<div><h3>Configuration</h3>${nestedTable(configuration(manifest))}</div>
<div><h3>Environment</h3>${nestedTable(environment(manifest))}</div>
</div></details>
</section>`
}

function partialBanner(limits: Limits): Html {
  const parts = [
    ...(limits.epochs === undefined ? [] : [limits.epochs === 1 ? '1 epoch' : `${limits.epochs} epochs`]),
    ...(limits.limitTrain === undefined ? [] : [`${limits.limitTrain} training images`]),
    ...(limits.limitValid === undefined ? [] : [`${limits.limitValid} validation images`]),
  ]
  const only = parts.length === 0 ? '' : ` to ${parts.join(', ')}`
  return html`<p class="banner"><b>Partial run.</b> It was shortened${only}: its numbers say nothing about the documented ones.</p>`
}

function unfinishedBanner({ manifest }: RunRecord): Html | null {
  const open = manifest.seeds.filter((seed) => manifest.status[seed] !== 'done')
  if (open.length === 0) return null
  const done = manifest.seeds.length - open.length
  return html`<p class="banner"><b>Not finished.</b> ${done} of ${manifest.seeds.length} seeds are done; numbers are of these alone.</p>`
}

function seedTable({ manifest, logs }: RunRecord): Html {
  const names = new Set(logs.flatMap(({ end }) => Object.keys(end?.result ?? {})))
  const metrics = [...names].map((name) => metricOf(manifest, name))
  const bySeed = new Map(logs.map((log) => [log.seed, log]))
  return html`<table class="cards seeds"><thead><tr><th>seed</th><th>status</th>${metrics.map((metric) => html`<th class="number">${metric.name}</th>`)}<th class="number">steps</th><th class="number">time</th><th class="number" title="share of the epochs' time that training waited for batches">waiting</th><th class="number">memory</th><th>final weights, SHA-256</th></tr></thead><tbody>
${manifest.seeds.map((seed) => seedRow(seed, manifest.status[seed] ?? 'not begun', bySeed.get(seed), metrics))}</tbody></table>`
}

function seedRow(seed: number, status: string, log: SeedLog | undefined, metrics: readonly MetricTraits[]): Html {
  const end = log?.end
  const resumed = log?.resumes.length ?? 0
  const value = ({ name, format }: MetricTraits) => {
    const result = end?.result[name]
    return result === undefined ? '–' : formatValue(format, result)
  }
  return html`<tr><th scope="row" data-label="seed">${seed}</th><td data-label="status">${status}${resumed > 0 && html`, resumed ${resumed}×`}</td>${metrics.map((metric) => html`<td class="number" data-label="${metric.name}">${value(metric)}</td>`)}<td class="number" data-label="steps">${log?.steps.at(-1)?.step ?? 0}</td><td class="number" data-label="time">${log === undefined ? '–' : formatSeconds(secondsOf(log))}</td><td class="number" data-label="waiting">${formatWaiting(log)}</td><td class="number" data-label="memory">${end ? `${Math.round(end.peakMemoryMiB)} MiB` : '–'}</td><td class="hash" data-label="final weights, SHA-256">${end?.weights ?? '–'}</td></tr>
`
}

/** The share of the epochs' time that training waited for batches, where all of them tell. */
function formatWaiting(log: SeedLog | undefined): string {
  const epochs = log?.epochs ?? []
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
  if (seconds === 0 || epochs.some(({ waited }) => waited === undefined)) return '–'
  const waited = epochs.reduce((sum, epoch) => sum + epoch.waited!, 0)
  return `${((100 * waited) / seconds).toFixed(1)} %`
}

function configuration({ recipe, recipeHash, seeds, tolerance }: Manifest): [string, Json][] {
  const known = typeof recipe === 'object' && recipe !== null && !Array.isArray(recipe)
  return [
    ...(known ? Object.entries(recipe as { [key: string]: Json }) : [['recipe', recipe] as [string, Json]]),
    ['seeds', seeds],
    ['tolerance', tolerance],
    ['recipe hash', recipeHash],
  ]
}

function environment(manifest: Manifest): [string, Json][] {
  const { dataset, hooks, joined = [] } = manifest
  return [
    ...origin(manifest),
    ['dataset', `${dataset.name}: ${dataset.train} training and ${dataset.valid} validation images`],
    ['dataset digest', dataset.digest],
    ['hooks, in order', hooks as Json],
    ...joined.map((run): [string, Json] => [
      `ran apart: seed ${run.seeds.join(', ')}`,
      Object.fromEntries(origin(run)),
    ]),
  ]
}

function origin({ engine, environment, started, ended }: RunOrigin): [string, Json][] {
  const { commit, dirty, lockfile, plugins } = environment
  return [
    ['engine', `${engine.name} ${engine.version}, ${engine.precision}`],
    ['device', engine.device],
    ['threads', engine.threads],
    ['engine details', engine.details],
    ['processor', `${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB`],
    ['system', environment.os],
    ['Node.js', environment.node],
    ['TensorFlow.js', environment.tfjs],
    ['commit', commit ?? (dirty === null ? 'not in a git checkout' : 'unknown')],
    ['uncommitted changes', dirty ?? (commit === null ? 'unknown' : 'none')],
    ['lockfile', lockfile],
    ['plugins', Object.entries(plugins).map(([name, version]) => `${name} ${version}`)],
    ['started', clock(started)],
    ['ended', ended === null ? 'not yet' : clock(ended)],
  ]
}

/** `2026-03-01 09:00 UTC` */
export const clock = (time: string): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
