import { inspect } from 'node:util'
import { listPlugins } from '@tricklab/core/plugin'
import { normalizeRow, rowNames, type Table, type TrainingTable } from '@tricklab/core/recipe'
import { readSource, tables } from '@tricklab/recipes'
import {
  acceptedMeasurements,
  acceptedRecords,
  countRows,
  drawForestChart,
  formatCount,
  type ListedRow,
  listRows,
  renderClaimTable,
  renderMarkdownTable,
  renderReport,
  verdictRow,
} from '@tricklab/repro'
import { groupBy } from '../group-by.ts'
import { escapeText, markdownTable, type Page } from '../page.ts'
import { tricks } from '../tricks/list.ts'

type RunRecord = Awaited<ReturnType<typeof acceptedRecords>>[number]

/** The documented tables: what their sources say, what we measured, and the recipe of every row. */
export async function tablePages(): Promise<Page[]> {
  const records = groupBy(await acceptedRecords(), ({ manifest }) => manifest.table)
  const rows = groupBy((await listRows()).items, ({ table }) => table)
  const pages = tables.map((table) => tablePage(table, rows.get(table.id) ?? [], records.get(table.id) ?? []))
  return [overview([...records.values()].flat(), rows), ...pages]
}

function overview(records: readonly RunRecord[], rows: ReadonlyMap<string, readonly ListedRow[]>): Page {
  const list = tables.map(({ id, title }) => {
    const statuses = (rows.get(id) ?? []).map(({ status }) => status)
    const run = statuses.filter((status) => status !== 'not yet run').length
    return [`[${id}](/tables/${id})`, escapeText(title), String(statuses.length), String(run)]
  })
  return {
    path: 'tables/index',
    title: 'Tables',
    markdown: `# Tables

A table holds what a source documents: trainings that differ in their tricks, each with its result. \`npx -y pnpm@12 repro TABLE\`
trains a table again.

## What we measured

Each value is a mean ± standard deviation, with the number of seeds in brackets; each difference has a 95 % interval. The values
come from the records in \`repro/records\`. The [report](/report.html){target="_blank" rel="noopener"} shows the curves, every seed
and the machine.

${formatCount(countRows([...rows.values()].flat()))}

${renderMarkdownTable(records)}

What tricks cost, measured one after another on one machine:

${renderClaimTable(acceptedMeasurements())}

## Every table

${markdownTable(['table', 'what', 'rows', 'with a result'], 'llrr', list)}`,
  }
}

function tablePage(table: Table, rows: readonly ListedRow[], records: readonly RunRecord[]): Page {
  const { id, title, source } = table
  const used = tricks.filter(({ plugin }) => listPlugins(table.plugins).some(({ name }) => name === plugin.name))
  const chart = drawForestChart(records.map(verdictRow))
  const parts = [
    `# ${escapeText(title)}`,
    `Source: ${linkedSource(source)}.${'track' in table && table.track !== undefined ? ` Rules: ${table.track.name}.` : ''}`,
    ...(used.length === 0 ? [] : [`Tricks: ${used.map(({ name }) => `[${name}](/tricks/${name})`).join(', ')}.`]),
    `\`\`\`sh\nnpx -y pnpm@12 repro ${id}\n\`\`\``,
    markdownTable(
      ['row', 'documented', 'measured', 'difference', 'status', 'data', 'seeds'],
      'lrrrlll',
      rows.map(({ row, reported, measured, difference, status, data, seeds }) => [
        `[${row}](#${row})`,
        reported,
        measured,
        difference,
        status,
        data,
        seeds,
      ]),
    ),
    ...(chart === null
      ? []
      : [
          '## Measured',
          `<figure class="picture" v-pre><div class="drawing">${oneLine(chart.text)}</div><figcaption>Diamond: the documented value; band: its tolerance. Dots: our seeds; the line below them: their mean and its 95 % interval.</figcaption></figure>`,
          withoutFirstColumn(renderMarkdownTable(records)),
        ]),
    ...measuredParts(table),
    ...recipeParts(table),
  ]
  return { path: `tables/${id}`, title: id, markdown: parts.join('\n\n') }
}

/** The name of a source leads to its document where that is public. */
function linkedSource(source: string): string {
  const { name, url, rest } = readSource(source)
  return url === undefined ? escapeText(name) : `[${escapeText(name)}](${url})${escapeText(rest)}`
}

function measuredParts(table: Table): string[] {
  const accepted = acceptedMeasurements().filter((other) => other.table === table)
  if (accepted.length === 0) return []
  return [
    '## Measured',
    withoutFirstColumn(renderClaimTable(accepted)),
    `The [report](/${reportOf(table.id)}){target="_blank" rel="noopener"} shows every measurement, the machine and the charts.`,
  ]
}

const reportOf = (id: string): string => `measured/${id}.html`

/** The reports of measured tables, by their place on the site. */
export function measuredReports(): { readonly [place: string]: string } {
  const reports = acceptedMeasurements().map((accepted) => [
    reportOf(accepted.table.id),
    renderReport({ kind: 'measurement', ...accepted }),
  ])
  return Object.fromEntries(reports)
}

/** The page is about one table, which need not be named in every line. */
const withoutFirstColumn = (table: string): string => table.replaceAll(/^\| [^|]+ \|/gm, '|')

/** Markdown ends an HTML block at an empty line. */
export const oneLine = (svg: string): string => svg.replaceAll(/\s*\n\s*/g, ' ')

function recipeParts(table: Table): string[] {
  const base =
    'base' in table
      ? ['## Recipe', 'All rows start from this recipe. Each row below lists what it changes.', code(table.base)]
      : []
  const shape =
    table.kind === 'summary'
      ? [
          '## Rows',
          `Computed anew on every build, for images of ${table.imageShape.join(' × ')}: parameters and MACs must agree to the last printed digit.`,
        ]
      : 'base' in table
        ? []
        : ['## Rows', `Measured at ${table.channels} channels, on square maps with sides ${table.sides.join(', ')}.`]
  return [...base, ...shape, ...rowNames(table).flatMap((name) => rowParts(table, name))]
}

function rowParts(table: Table, name: string): string[] {
  const {
    note,
    tolerance,
    from,
    change,
    stages,
    reported,
    seeds,
    recordedSeeds,
    knownToFallShort,
    knownToExceed,
    ...rest
  } = table.rows[name] as { readonly [key: string]: unknown }
  const change_ = { ...(change as object), ...(stages === undefined ? {} : { stages }), ...rest }
  const begins = from === undefined ? 'the recipe above' : `\`${from}\``
  const changed =
    Object.keys(change_).length === 0
      ? [`The same as ${begins}.`]
      : 'base' in table
        ? [`Changes of ${begins}:`, code(change_)]
        : [code(change_)]
  return [
    `### ${name} {#${name}}`,
    ...(note === undefined ? [] : [escapeText(String(note))]),
    ...('base' in table || Object.keys(change_).length > 0 ? changed : []),
    ...(reported === undefined ? [] : ['Documented:', code(reported)]),
    ...(table.kind === 'training' ? [fingerprint(table, name)] : []),
  ]
}

function fingerprint(table: TrainingTable, name: string): string {
  const { seeds, tolerance, hash } = normalizeRow(table, name)
  const allowed = tolerance === undefined ? '' : ` Tolerance: ${tolerance}.`
  return `Seeds: ${seeds.join(', ')}.${allowed} Hash of the recipe: \`${hash.slice(0, 12)}\`.`
}

/** Data as it would stand in a recipe. */
function code(value: unknown): string {
  const text = inspect(value, { depth: null, breakLength: 100, compact: 3, maxArrayLength: null, sorted: false })
  return `\`\`\`js\n${text}\n\`\`\``
}
