import type { DataResult } from './data.ts'
import { formatEnvironment } from './environment.ts'
import { formatNumber, formatShare, formatTable } from './text.ts'

/** The measurement as plain text. */
export function formatData({ environment, table, row, engine, batchSize, openSeconds, ...result }: DataResult): string {
  const { source, training } = result
  return [
    formatEnvironment(environment),
    `${table}/${row}  batch ${batchSize}  ${engine.name} ${engine.version}`,
    '',
    formatTable(
      [
        ['open the dataset', `${formatNumber(openSeconds)} s`, ''],
        ['source alone', `${formatNumber(source.imagesPerSecond)} images/s`, `${source.batches} batches, normalised`],
        ['step on read batches', `${formatNumber(training.stepMs)} ms`, `${training.steps} steps, waiting included`],
        ['waiting in it', `${formatNumber(training.waitMs)} ms`, `${formatShare(training.waitShare)} of the time`],
        ['step on batches in memory', `${formatNumber(training.heldStepMs)} ms`, `${training.steps} steps`],
      ],
      [0, 2],
    ),
  ].join('\n')
}
