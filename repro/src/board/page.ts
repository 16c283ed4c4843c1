import { TricklabError } from '@tricklab/core'
import { compareSides } from '../comparison/compare.ts'
import { formatComparison } from '../comparison/format-comparison.ts'
import { readSide } from '../comparison/side.ts'
import { formatSeconds, formatValue } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import { type Html, html } from '../report/html.ts'
import { renderPage } from '../report/page.ts'
import { mainMetric } from '../verdict/verdict-row.ts'
import { drawCurves, runTones, titleOf } from './curves.ts'
import type { BoardRun, BoardSeed } from './seeds.ts'

/** What of the runs is asked for. */
export interface BoardQuery {
  readonly table: string | null
  readonly row: string | null
  readonly seed: string | null
  /** Runs whose curves are drawn; of two, their results are compared as well. None: the first ones of the list. */
  readonly runs: readonly string[]
}

export const readQuery = (search: URLSearchParams): BoardQuery => ({
  table: search.get('table') || null,
  row: search.get('row') || null,
  seed: search.get('seed') || null,
  runs: search.getAll('run'),
})

/** Largest difference of two runs that counts as none, as of `repro compare`. */
const margin = 0.01

/** The page over all seeds, as HTML. It asks for itself again every few seconds, so that what runs is seen to run. */
export async function renderBoard(root: string, all: readonly BoardSeed[], query: BoardQuery): Promise<string> {
  const asked = all.filter(
    ({ run: { manifest }, seed }) =>
      (query.table ?? manifest.table) === manifest.table &&
      (query.row ?? manifest.row) === manifest.row &&
      (query.seed ?? String(seed)) === String(seed),
  )
  const runs = [...new Set(asked.map(({ run }) => run))]
  const chosen = runs.filter(({ id }) => query.runs.includes(id))
  const drawn = (chosen.length > 0 ? chosen : runs).slice(0, runTones.length)
  const begun = asked.filter(({ run, log }) => drawn.includes(run) && log.steps.length > 0)
  const running = all.filter(({ state }) => state === 'running').length
  return renderPage({
    title: 'Board',
    script,
    footer: html`Read from the files below <code>${root}</code> by <code>pnpm lab board</code> of Tricklab.`,
    body: html`<header><p class="eyebrow">Tricklab</p><h1>Runs</h1></header>
<p class="banner" id="lost" hidden>The board has ended: the page shows what it saw last.</p>
<form method="get">
${filters(all, query)}
<div id="live">
<p class="source">${count(asked.length, 'seed')} of ${count(runs.length, 'run')}; ${running} ${running === 1 ? 'is' : 'are'} being trained.</p>
${begun.length > 0 && drawCurves(begun)}
${drawn.length < runs.length && chosen.length === 0 && html`<p class="hint">The curves are of the newest ${drawn.length} runs. Tick runs below to choose others.</p>`}
${chosen.length === 2 && html`<h3>First run against second</h3><pre class="scroll">${await compare(chosen)}</pre>`}
${asked.length === 0 ? html`<p class="note">There are no such runs yet.</p>` : seedTable(asked, query)}
</div>
<noscript><button>Show</button></noscript>
</form>`,
  })
}

const count = (size: number, what: string) => `${size} ${what}${size === 1 ? '' : 's'}`

function filters(all: readonly BoardSeed[], query: BoardQuery): Html {
  const within = all.filter(({ run }) => query.table === null || run.manifest.table === query.table)
  const choice = (name: 'table' | 'row' | 'seed', values: readonly string[]) => {
    const options = [...new Set([...values, ...(query[name] === null ? [] : [query[name]])])]
    return html`<label>${name} <select name="${name}"><option value="">all</option>${options.map((value) => html`<option${query[name] === value && html` selected`}>${value}</option>`)}</select></label>`
  }
  const seeds = [...new Set(within.map(({ seed }) => seed))].sort((a, b) => a - b)
  return html`<p class="filters">${choice('table', all.map(({ run }) => run.manifest.table).sort())}
${choice('row', within.map(({ run }) => run.manifest.row).sort())}
${choice('seed', seeds.map(String))}
<a href="?">all runs</a></p>`
}

function seedTable(seeds: readonly BoardSeed[], query: BoardQuery): Html {
  return html`<table class="cards"><thead><tr><th>run</th><th>seed</th><th>state</th><th class="number">epoch</th><th class="number">train loss</th><th class="number">valid loss</th><th class="number">score</th><th class="number">learning rate</th><th class="number">images/s</th><th class="number">time left</th><th class="number">memory</th></tr></thead><tbody>
${seeds.map((seed, index) => seedRow(seed, query, seeds[index - 1]?.run !== seed.run))}</tbody></table>`
}

function seedRow({ run, log, ...seed }: BoardSeed, query: BoardQuery, first: boolean): Html {
  const { manifest } = run
  const last = log.epochs.at(-1)
  const metric = manifest.reported?.metric ?? (last && mainMetric([{ result: last.valid }]))
  const score = metric === undefined ? undefined : (log.end?.result ?? last?.valid)?.[metric]
  const loss = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(4))
  const name = html`<label><input type="checkbox" name="run" value="${run.id}"${query.runs.includes(run.id) && html` checked`}> ${manifest.table}/${manifest.row}</label><small><a href="run?id=${encodeURIComponent(run.id)}">${run.id}</a>${manifest.partial !== null && ', shortened'}</small>`
  const number = (label: string, value: Html | string) => html`<td class="number" data-label="${label}">${value}</td>`
  return html`<tr><th scope="row" data-label="run">${first ? name : html`<small>${titleOf(run)}</small>`}</th><td data-label="seed">${seed.seed}</td><td data-label="state"${seed.where !== undefined && html` title="${seed.where}"`}>${seed.state}</td>${number('epoch', `${log.epochs.length}/${seed.epochs}`)}${number('train loss', loss(log.end === undefined ? log.steps.at(-1)?.loss : last?.train.loss))}${number('valid loss', loss(last?.valid.loss))}${number('score', score === undefined ? '–' : html`${formatValue(metricOf(manifest, metric!).format, score)}<small>${metric}</small>`)}${number('learning rate', log.steps.at(-1)?.learningRate.toPrecision(3) ?? '–')}${number('images/s', seed.imagesPerSecond === undefined ? '–' : Math.round(seed.imagesPerSecond).toLocaleString('en'))}${number('time left', seed.secondsLeft === undefined ? '–' : formatSeconds(seed.secondsLeft))}${number('memory', seed.memoryMiB === undefined ? '–' : `${Math.round(seed.memoryMiB)} MiB`)}</tr>
`
}

/** The results of two runs as `repro compare` tells them, or why they cannot be compared. */
async function compare([first, second]: readonly BoardRun[]): Promise<string> {
  try {
    return formatComparison(compareSides(await readSide(first!.folder), await readSide(second!.folder), { margin }))
  } catch (error) {
    if (error instanceof TricklabError) return error.problems.map(({ what }) => what).join('\n')
    throw error
  }
}

/** What is ticked or chosen is asked for at once; what is shown is taken from a new page every few seconds. */
const script = `
const form = document.forms[0]
form.addEventListener('change', () => form.submit())
async function look() {
  try {
    if (!document.hidden) {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html')
      document.getElementById('live').replaceWith(page.getElementById('live'))
    }
    document.getElementById('lost').hidden = true
  } catch {
    document.getElementById('lost').hidden = false
  }
  setTimeout(look, 3000)
}
setTimeout(look, 3000)
`
