import type { ConvolutionResult, MeasuredConvolution } from './convolutions.ts'
import { formatEnvironment } from './environment.ts'
import { formatNumber, formatShare, formatSpread, formatTable } from './text.ts'

/** Convolutions as plain text. */
export function formatConvolutions({
  environment,
  layer,
  engine,
  peer,
  options,
  wanted,
  measured,
}: ConvolutionResult): string {
  const { batch, turns, steps } = options
  const about = [engine.name, engine.version, engine.precision, formatThreads(engine.threads), engine.details]
  const heads = ['channels', 'px', 'kernel', 'stride', 'pass', 'ours, ms', 'of the bound']
  const peerHeads = ['PyTorch, ms', 'format', 'ratio', 'by processor time', 'difference']
  return [
    formatEnvironment(environment),
    `${layer}  batch ${batch}  ${about.filter(Boolean).join(' ')}`,
    ...(peer === null ? [] : [`against ${peer.name} ${peer.version}, ${formatThreads(peer.threads)}`]),
    '',
    formatTable([[...heads, ...(peer === null ? [] : peerHeads)], ...measured.map(cells)], [4, 8]),
    '',
    `median (least–greatest) of ${turns} turns of ${steps} steps, one side after the other` +
      (peer === null ? '' : `; ratio: PyTorch / ours, wanted ${wanted}`),
    'bound: copying the bytes that must be moved, or the arithmetic at the speed of a matrix product; in processor time',
  ].join('\n')
}

const formatThreads = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`

function cells({
  channels,
  outputs,
  size,
  kernelSize,
  stride,
  pass,
  ours,
  bound,
  peer,
}: MeasuredConvolution): string[] {
  const limit = bound.memoryMs > bound.arithmeticMs ? 'memory' : 'arithmetic'
  return [
    outputs === undefined ? `${channels}` : `${channels} → ${outputs}`,
    ...[size, kernelSize, stride].map(String),
    pass,
    formatNumber(ours.ms.median),
    `${formatShare(bound.reached)}, ${limit}`,
    ...(peer === null
      ? []
      : [
          formatNumber(peer.ms.median),
          peer.format,
          formatSpread(peer.ratio),
          formatSpread(peer.processorRatio),
          peer.difference.toExponential(1),
        ]),
  ]
}
