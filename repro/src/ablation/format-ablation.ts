import type { MetricFormat } from '@tricklab/core/contracts'
import { formatDifference, formatInterval, formatP, formatRatio, formatSeconds, formatSummary } from '../format.ts'
import { alignColumns } from '../text-columns.ts'
import type { Ablation, AblationRow } from './result.ts'

/** The ablation as aligned text, a line a variant. */
export function formatAblation({ metric, format, rows }: Ablation): string {
  const [whole, ...others] = rows as [AblationRow, ...AblationRow[]]
  const heads = ['without', metric, 'worth', '95 %', 'p', 'parameters', 'MACs', 'time an epoch', 'memory']
  const lines = [heads, cellsOf('(nothing)', whole, null, format)]
  for (const line of others) lines.push(cellsOf(line.trick!, line, whole, format))
  const notes = others.flatMap(({ trick, sameAs }) =>
    sameAs === null ? [] : [`without ${trick}: the same recipe as ${sameAs}`],
  )
  return [alignColumns(lines), ...notes].join('\n')
}

function cellsOf(name: string, line: AblationRow, whole: AblationRow | null, format: MetricFormat): string[] {
  const { measured, worth, params, macs, secondsPerEpoch, peakMemoryMiB } = line
  const ratio = (own: number | null, of: number | null | undefined) =>
    own === null || of === null || of === undefined ? '' : ` ${formatRatio(own / of)}`
  return [
    name,
    measured === null ? '–' : formatSummary(format, measured),
    worth === null ? '–' : formatDifference(format, worth.mean),
    worth?.interval ? formatInterval(format, worth.interval) : '–',
    worth === null ? '–' : formatP(worth.signFlipP),
    `${params.toLocaleString('en')}${ratio(params, whole?.params)}`,
    `${(macs / 1e6).toFixed(macs < 1e8 ? 2 : 0)} M${ratio(macs, whole?.macs)}`,
    secondsPerEpoch === null
      ? '–'
      : `${formatSeconds(secondsPerEpoch)}${ratio(secondsPerEpoch, whole?.secondsPerEpoch)}`,
    peakMemoryMiB === null ? '–' : `${peakMemoryMiB} MiB${ratio(peakMemoryMiB, whole?.peakMemoryMiB)}`,
  ]
}
