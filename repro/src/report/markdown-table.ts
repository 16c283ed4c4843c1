import type { AcceptedMeasurement } from '../accepted/accepted.ts'
import { formatDifference, formatInterval, formatSeeds, formatSize, formatSummary } from '../format.ts'
import { judgeMeasurement } from '../measurement/read.ts'
import type { RunRecord } from '../record/read.ts'
import type { RecordedData } from '../record/recorded-data.ts'
import type { Verdict } from '../record/types.ts'
import { verdictRow } from '../verdict/verdict-row.ts'
import { verdictText, verdictWords } from '../verdict/words.ts'

const heads = 'table|row|documented|measured|difference (95 %)|tolerance|verdict|data|seeds|engine'.split('|')
const alignment = ['---', '---', '--:', '--:', '--:', '--:', '---', '---', '---', '---']

/** The records as a Markdown table: what a README shows. Mean ± sample standard deviation (number of runs). */
export function renderMarkdownTable(records: readonly RunRecord[]): string {
  return [heads, alignment, ...records.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function cellsOf(record: RunRecord): string[] {
  const { table } = record.manifest
  const { row, format, reported, measured, tolerance, verdict, data, seeds, engine, precision, ...compared } =
    verdictRow(record)
  const { difference, interval } = compared
  const range = interval === null ? '' : ` (${formatInterval(format, interval)})`
  const cells = [
    table,
    row,
    reported === null ? '–' : unbroken(formatSummary(format, reported)),
    measured === null ? '–' : unbroken(formatSummary(format, measured)),
    difference === null ? '–' : `${unbroken(formatDifference(format, difference))}${range}`,
    tolerance === null ? '–' : unbroken(formatSize(format, tolerance)),
    markedVerdict(verdict, data),
    data.label,
    formatSeeds(seeds),
    `${engine} ${precision}`,
  ]
  return cells.map(escapeCell)
}

const claimHeads = ['table', 'row', 'what', 'documented', 'measured', 'tolerance', 'verdict', 'engine']
const claimAlignment = ['---', '---', '---', '--:', '--:', '--:', '---', '---']

/** The claims of measured tables as a Markdown table. */
export function renderClaimTable(measurements: readonly AcceptedMeasurement[]): string {
  const rows = measurements.flatMap(({ table, record }) => {
    const { name, precision, device } = record.engine
    return judgeMeasurement(table, record).map(({ row, metric, reported, measured, interval, tolerance, verdict }) => {
      const range = interval === null ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`
      const cells = [
        table.id,
        row,
        metric,
        reported?.toFixed(3) ?? '–',
        measured === null ? '–' : `${measured.toFixed(3)}${range}`,
        tolerance?.toFixed(3) ?? '–',
        unbroken(`${verdictWords[verdict].sign} ${verdictWords[verdict].words}`),
        `${name} ${precision}, ${device}`,
      ]
      return cells.map(escapeCell)
    })
  })
  return [claimHeads, claimAlignment, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Only the words of the verdict itself stay together: what it is about may be long. */
function markedVerdict(verdict: Verdict, data: RecordedData): string {
  const { sign, words } = verdictWords[verdict]
  return verdictText(verdict, data).replace(`${sign} ${words}`, unbroken(`${sign} ${words}`))
}

/** Narrow columns break no number from its unit and no sign from its word. */
const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0')

/** Pipes end a cell, and angle brackets would be HTML. */
function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}
