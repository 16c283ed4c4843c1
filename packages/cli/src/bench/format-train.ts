import { formatEnvironment } from './environment.ts'
import { formatMebibytes, formatNumber, formatSpread, formatTable } from './text.ts'
import type { SideResult, TrainResult, TrainRowResult } from './train.ts'

/** Sides that differ by more at the first step do not compute the same. */
const lossTolerance = 1e-3

/** What holds for every row. */
export function formatTrainHead({ environment, options }: Omit<TrainResult, 'rows'>): string {
  const { steps, turns, warmup } = options
  const order = options.peer === 'none' ? `${turns} turns` : `${turns} turns of each side, A B A B …`
  return [
    formatEnvironment(environment),
    `${order}, ${steps} steps a turn after ${warmup} to warm up; median (smallest–largest turn)`,
  ].join('\n')
}

/** The figures of one row. */
export function formatTrainRow(result: TrainRowResult): string {
  const { table, row, batchSize, imageShape, engine, ours, peer, ratio, processorRatio, otherPeers } = result
  const { name, version, precision, threads, details } = engine
  const about = [`${name} ${version}`, precision, `${threads} thread${threads === 1 ? '' : 's'}`, details]
  const sides = [ours, ...(peer === null ? [] : [peer]), ...otherPeers.map(({ side }) => side)]
  return [
    `${table}/${row}  batch ${batchSize} of ${imageShape.join(' × ')}  ${about.filter(Boolean).join(', ')}`,
    formatTable([
      ['side', 'ms/step', 'processor ms', 'images/s', 'peak memory', 'memory over the steps'],
      ...sides.map(sideCells),
    ]),
    ...(peer === null || ratio === null || processorRatio === null
      ? []
      : [
          `peer / ours  ${formatSpread(ratio)}, by processor time ${formatSpread(processorRatio)}  (above 1: ours is faster)`,
        ]),
    ...otherPeers.map(
      (other) =>
        `  of ${other.side.name}  ${formatSpread(other.ratio)}, by processor time ${formatSpread(other.processorRatio)}`,
    ),
    ...sides.flatMap(({ name, compileSeconds }) =>
      compileSeconds === undefined
        ? []
        : [`compiling  ${name}: ${formatNumber(compileSeconds)} s before its first turn`],
    ),
    `start to first step  ${formatNumber(ours.startToFirstStepSeconds)} s, from the start of the process, data cached`,
    formatTensors(ours),
    ...formatLosses(result),
    ...sides.flatMap((side) => side.notes.map((note) => `note  ${side.name}: ${note}`)),
  ].join('\n')
}

function sideCells({ name, version, threads, ...side }: SideResult): string[] {
  const { stepMs, processorMs, imagesPerSecond, ...memory } = side
  const { first, last } = memory.residentBytes
  return [
    `${name} ${version}, ${threads} thread${threads === 1 ? '' : 's'}`,
    formatSpread(stepMs),
    formatNumber(processorMs.median),
    formatSpread(imagesPerSecond),
    formatMebibytes(memory.peakResidentBytes),
    `${formatMebibytes(first)} → ${formatMebibytes(last)}`,
  ]
}

function formatTensors({ tensors }: SideResult): string {
  if (tensors === null) return 'tensors  not counted'
  const { first, last, flat } = tensors
  if (flat) return `tensors  flat: ${first.numTensors} tensors, ${formatMebibytes(first.numBytes)} after every step`
  const grown = `${first.numTensors} → ${last.numTensors} tensors, ${first.numBytes} → ${last.numBytes} bytes`
  return `tensors  WARNING: not flat, something leaks: ${grown}`
}

function formatLosses({ ours, peer, firstLossDifference }: TrainRowResult): string[] {
  if (peer === null || firstLossDifference === null) return []
  const values = `${ours.losses[0]!.toFixed(6)} and ${peer.losses[0]!.toFixed(6)}`
  return firstLossDifference <= lossTolerance
    ? [`loss of the first step  ${values}: the same weights, batch and network`]
    : [`loss of the first step  WARNING: ${values}: the sides do not compute the same`]
}
