import { formatDifference, formatInterval, formatSize, formatSummary } from '../format.ts'
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
  const { row, metric, reported, measured, difference, interval, tolerance, verdict, engine, precision } =
    verdictRow(record)
  const range = interval === null ? '' : ` (${formatInterval(metric, interval)})`
  const cells = [
    table,
    row,
    reported === null ? '–' : formatSummary(metric, reported),
    measured === null ? '–' : formatSummary(metric, measured),
    difference === null ? '–' : `${formatDifference(metric, difference)}${range}`,
    tolerance === null ? '–' : formatSize(metric, tolerance),
    `${verdictWords[verdict].sign} ${verdictWords[verdict].words}`,
    `${engine} ${precision}`,
  ]
  return cells.map(escapeCell)
}

/** Pipes end a cell, and angle brackets would be HTML. */
function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}
