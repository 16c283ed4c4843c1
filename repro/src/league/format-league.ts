import { formatDifference, formatInterval, formatP, formatRatio, formatSeeds, formatSummary } from '../format.ts'
import { alignColumns } from '../text-columns.ts'
import type { League, LeagueRow } from './league.ts'
import { outcomeWords } from './outcome-words.ts'

/** The league as aligned text, a line a trick; then what is missing. */
export function formatLeague(league: League): string {
  const { table, baseline, metric, format, measured, missing, rows } = league
  const heads = ['trick', 'here it', 'seeds', metric, '95 %', 'p', 'corrected', 'parameters', 'MACs', 'time', 'memory']
  const compared = rows.filter(({ difference }) => difference !== null)
  const lacking = [{ trick: baseline, missing }, ...rows].filter((row) => row.missing.length > 0)
  return [
    `${table}/${baseline}: ${metric} ${formatSummary(format, measured)}`,
    '',
    ...(compared.length === 0 ? [] : [alignColumns([heads, ...compared.map((row) => cellsOf(row, league))]), '']),
    ...lacking.map((row) => `missing: ${row.trick}, seeds ${formatSeeds(row.missing)}`),
  ]
    .join('\n')
    .trimEnd()
}

function cellsOf({ trick, difference, correctedP, outcome, ratios }: LeagueRow, { format }: League): string[] {
  const { mean, interval, signFlipP, n } = difference!
  const ratio = (value: number | null) => (value === null ? '–' : formatRatio(value))
  return [
    trick,
    outcomeWords[outcome],
    String(n),
    formatDifference(format, mean),
    interval === null ? '–' : formatInterval(format, interval),
    formatP(signFlipP),
    formatP(correctedP!),
    ratio(ratios.params),
    ratio(ratios.macs),
    ratio(ratios.seconds),
    ratio(ratios.memory),
  ]
}
