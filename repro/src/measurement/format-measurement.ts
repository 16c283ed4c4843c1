import { alignColumns } from '../text-columns.ts'
import { verdictWords } from '../verdict/words.ts'
import type { MeasuredRow } from './types.ts'

/** The claims as aligned text, with the reason of each verdict below. */
export function formatMeasurement(rows: readonly MeasuredRow[]): string {
  const number = (value: number | null) => (value === null ? '–' : value.toFixed(3))
  const lines = rows.map(({ row, metric, reported, measured, interval, tolerance, verdict }) => [
    row,
    metric,
    number(reported),
    number(measured),
    interval === null ? '–' : `${number(interval.low)} to ${number(interval.high)}`,
    number(tolerance),
    `${verdictWords[verdict].sign} ${verdictWords[verdict].words}`,
  ])
  const notes = rows.map(({ row, note }) => `  ${row}: ${note}`)
  const heads = ['row', 'what', 'documented', 'measured', 'interval', 'tolerance', 'verdict']
  return [alignColumns([heads, ...lines]), ...notes].join('\n')
}
