import type { Metric, MetricFormat } from '../contracts.ts'

/** What verdicts, tables and charts need to know of a metric: records keep it. */
export interface MetricTraits {
  readonly name: string
  readonly better: 'higher' | 'lower'
  readonly format: MetricFormat
}

/** The loss is a score beside the metrics: a plain number, the less the better. */
export const lossTraits: MetricTraits = { name: 'loss', better: 'lower', format: { style: 'number' } }

/** Traits of a metric, with the default of what it leaves open. */
export function traitsOf({ name, better, format = { style: 'number' } }: Metric): MetricTraits {
  return { name, better, format }
}
