import { formatDifference, formatInterval, formatSize, formatSummary } from '../format.ts'
import { judgeMeasurement } from '../measurement/read.ts'
import type { AcceptedMeasurement } from '../record/accepted.ts'
import type { RunRecord } from '../record/read.ts'
import { verdictWords } from './verdict-badge.ts'
import { verdictRow } from './verdict-row.ts'

const heads = ['table', 'row', 'documented', 'measured', 'difference (95 %)', 'tolerance', 'verdict', 'engine']
const alignment = ['---', '---', '--:', '--:', '--:', '--:', '---', '---']

/** The records as a Markdown table: what a README shows. Mean ± sample standard deviation (number of runs). */
export function renderMarkdownTable(records: readonly RunRecord[]): string {
  return [heads, alignment, ...records.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function cellsOf(record: RunRecord): string[] {
  const { table } = record.manifest
  const { row, format, reported, measured, difference, interval, tolerance, verdict, engine, precision } =
    verdictRow(record)
  const range = interval === null ? '' : ` (${formatInterval(format, interval)})`
  const cells = [
    table,
    row,
    reported === null ? '–' : unbroken(formatSummary(format, reported)),
    measured === null ? '–' : unbroken(formatSummary(format, measured)),
    difference === null ? '–' : `${unbroken(formatDifference(format, difference))}${range}`,
    tolerance === null ? '–' : unbroken(formatSize(format, tolerance)),
    unbroken(`${verdictWords[verdict].sign} ${verdictWords[verdict].words}`),
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

/** Narrow columns break no number from its unit and no sign from its word. */
const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0')

/** Pipes end a cell, and angle brackets would be HTML. */
function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}
