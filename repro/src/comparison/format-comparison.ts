import { formatDifference, formatInterval, formatP, formatSeeds, formatSize, formatSummary } from '../format.ts'
import { alignColumns } from '../text-columns.ts'
import type { Comparison } from './compare.ts'

/** A comparison as text for a terminal. */
export function formatComparison(comparison: Comparison): string {
  const { metric, sides, paired, difference, interval, caveats } = comparison
  const rows = sides.map((side) => [side.name, formatSeeds(side.seeds), formatSummary(metric.format, side)])
  const apart = formatDifference(metric.format, difference)
  const range = interval === null ? '' : ` (95 % interval ${formatInterval(metric.format, interval)})`
  return [
    alignColumns([['', 'seeds', metric.name], ...rows]),
    '',
    `${paired ? 'Mean difference seed by seed' : 'Difference of the means'}, first − second: ${apart}${range}.`,
    ...sentences(comparison),
    ...caveats,
  ].join('\n')
}

function sentences({ metric, paired, worseP, equivalence, detectable, outcome }: Comparison): string[] {
  if (worseP === null || detectable === null) {
    return [
      paired
        ? 'The differences have no spread, so nothing can be tested: at least two different ones are needed.'
        : 'One of the sides has no spread, so nothing can be tested: at least two different results a side are needed.',
    ]
  }
  const test = paired ? 'paired t test' : 'Welch test'
  const size = (value: number) => formatSize(metric.format, value)
  const p = (value: number) => `p ${value < 1e-4 ? '' : '= '}${formatP(value)}`
  const worse =
    outcome === 'worse'
      ? `The first is worse than the second (${p(worseP)}, one-sided ${test}).`
      : `It is not shown that the first is worse than the second (${p(worseP)}, one-sided ${test}).`
  const equal =
    equivalence === null
      ? []
      : [
          `${equivalence.p < 0.05 ? 'The two are equivalent' : 'It is not shown that the two are equivalent'} within ${size(equivalence.margin)} (${p(equivalence.p)}, two one-sided ${test}s).`,
        ]
  const power = `With so many ${paired ? 'pairs' : 'seeds'} of such a spread, a true difference of ${size(detectable)} is found with a chance of 80 %.`
  return [worse, ...equal, power]
}
