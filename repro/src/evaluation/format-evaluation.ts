import { formatDifference, formatValue } from '../format.ts'
import { alignColumns } from '../text-columns.ts'
import type { Evaluation } from './evaluate-run.ts'

/** What an evaluation gives beside the record, as aligned text: a line a seed and metric. */
export function formatEvaluation({ table, row, predictor, differences, seeds, formats }: Evaluation): string {
  const heads = [`${table}/${row}`, 'metric', 'recorded', predictor?.use ?? 'evaluated', 'difference']
  const lines = seeds.flatMap(({ seed, recorded, evaluated }) =>
    Object.entries(evaluated).map(([metric, value]) => {
      const before = recorded[metric]
      const format = formats[metric]!
      return [
        `seed ${seed}`,
        metric,
        before === undefined ? '–' : formatValue(format, before),
        formatValue(format, value),
        before === undefined ? '–' : formatDifference(format, value - before),
      ]
    }),
  )
  const equal = seeds.every((seed) => seed.equal)
  const notes = equal ? ['Equal to the record, bit by bit.'] : differences.map((what) => `Not as recorded: ${what}.`)
  return [alignColumns([heads, ...lines]), ...notes].join('\n')
}
