import type { DataResult } from './data.ts'
import { formatEnvironment } from './environment.ts'
import type { Supply, SupplyResult } from './supply.ts'
import { formatNumber, formatShare, formatSpread, formatTable } from './text.ts'

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
    ...(result.supply ?? []).map(formatSupply),
  ].join('\n')
}

/** Both sides at one size: images a second, processor time an image, and how many times as fast ours is. */
function formatSupply({ size, workers, imagesPerTurn, peerVersion, ...sides }: SupplyResult): string {
  const line = (name: string, { imagesPerSecond, cpuMs }: Supply, ratio: string) => [
    name,
    formatSpread(imagesPerSecond),
    formatSpread(cpuMs),
    ratio,
  ]
  return [
    '',
    `random resized crops of ${size} × ${size}, ${workers} workers, ${imagesPerTurn} photos a turn, median (range)`,
    formatTable([
      ['', 'images/s', 'CPU ms/image', 'ratio'],
      line('ours, first epoch', sides.decoding, formatSpread(sides.decodingRatio)),
      line('ours, later epochs', sides.stored, formatSpread(sides.storedRatio)),
      line(`torchvision (${peerVersion})`, sides.peer, ''),
    ]),
  ].join('\n')
}
