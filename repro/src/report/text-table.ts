import { formatDifference, formatDigits, formatInterval, formatSeconds, formatSize, formatSummary } from '../format.ts'
import type { VerdictRow } from '../verdict/verdict-row.ts'
import { verdictText } from '../verdict/words.ts'

const heads = ['row', 'documented', 'measured', 'difference', 'tolerance', 'verdict'] as const
const gap = '  '
const width = 100

/**
 * The rows as plain text in aligned columns, for terminals of at least 100 columns: below each row its values, the
 * 95 % interval of the difference, engine and time, and the reason of the verdict.
 */
export function formatVerdictTable(rows: readonly VerdictRow[]): string {
  const cells = rows.map(cellsOf)
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]!.length)))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) => (isNumber(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)))
      .join(gap)
      .trimEnd()
  const indent = ' '.repeat(2)
  return [
    line(heads),
    line(widths.map((size) => '─'.repeat(size))),
    ...rows.flatMap((row, index) => [
      line(cells[index]!),
      ...wrap(details(row), width - indent.length).map((text) => indent + text),
    ]),
  ].join('\n')
}

const isNumber = (column: number): boolean => column >= 1 && column <= 4

function cellsOf({ row, format, reported, measured, difference, tolerance, verdict, data }: VerdictRow): string[] {
  return [
    row,
    reported === null ? '–' : formatSummary(format, reported),
    measured === null ? '–' : formatSummary(format, measured),
    difference === null ? '–' : formatDifference(format, difference),
    tolerance === null ? '–' : formatSize(format, tolerance),
    verdictText(verdict, data),
  ]
}

function details(row: VerdictRow): string {
  const { metric, format, measured, interval, engine, precision, seconds, data, note, remark } = row
  const values = measured?.values.map((value) => formatDigits(format, value)).join(' ')
  const parts = [
    ...(values === undefined ? [] : [`${metric} ${values}`]),
    ...(interval === null ? [] : [`difference 95 % ${formatInterval(format, interval)}`]),
    `${engine} ${precision}, ${formatSeconds(seconds)}`,
  ]
  return [`${parts.join('; ')}.`, note, data.sentence, remark].filter((text) => text !== undefined).join(' ')
}

function wrap(text: string, limit: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
