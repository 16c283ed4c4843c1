/**
 * Puts the recorded benchmark runs of `docs/bench` into docs/50-engines.md, between its marks. `pnpm docs:engines`; a
 * test keeps them equal. A recorded run is the last line of `pnpm bench train … --json` or `pnpm bench layer
 * conv|depthwise … --json`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { replaceBetween } from './generated-part.ts'

const marksOf = (part: string) =>
  [`<!-- ${part}: made by \`pnpm docs:engines\` -->`, `<!-- end of ${part} -->`] as const
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

export const enginesFile = path.join(root, 'docs/50-engines.md')

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

interface Side {
  readonly name: string
  readonly version: string
  readonly threads: number
  readonly stepMs: Spread
  readonly imagesPerSecond: Spread
  readonly peakResidentBytes: number
}

/** What is read of a recorded run of any kind. */
interface Recorded {
  readonly date: string
  readonly environment: {
    cpu: string
    cores: number
    memoryGiB: number
    node: string
    tfjs: string
    loadAtStart: number
  }
}

interface RecordedTraining extends Recorded {
  readonly command: 'bench train'
  readonly options: { readonly precision: string; readonly turns: number; readonly steps: number }
  readonly rows: readonly {
    readonly table: string
    readonly row: string
    readonly batchSize: number
    readonly imageShape: readonly number[]
    readonly engine: { readonly name: string; readonly details: string }
    readonly ours: Side & { readonly startToFirstStepSeconds: number; readonly tensors: { readonly flat: boolean } }
    readonly peer: Side | null
    readonly ratio: Spread | null
    /** The peer in other ways than its best; earlier runs knew of none. */
    readonly otherPeers?: readonly { readonly side: Side; readonly ratio: Spread }[]
  }[]
}

interface RecordedConvolutions extends Recorded {
  readonly command: 'bench layer'
  readonly options: { readonly batch: number; readonly turns: number; readonly steps: number }
  readonly engine: {
    readonly name: string
    readonly precision: string
    readonly threads: number
    readonly details: string
  }
  readonly peer: { readonly name: string; readonly version: string; readonly threads: number }
  readonly matmulSpeed: number
  readonly measured: readonly {
    readonly size: number
    readonly channels: number
    /** Of the result; missing: depthwise. */
    readonly outputs?: number
    readonly kernelSize: number
    readonly stride: number
    readonly pass: string
    readonly ours: { readonly ms: Spread }
    readonly bound: { readonly memoryMs: number; readonly arithmeticMs: number; readonly reached: number }
    readonly peer: {
      readonly ms: Spread
      readonly format: string
      readonly ratio: Spread
      readonly processorRatio: Spread
      readonly difference: number
    }
  }[]
}

/** The page with its tables made anew from the recorded runs. */
export function renderEngines(page: string): string {
  const folder = path.join(root, 'docs/bench')
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RecordedTraining | RecordedConvolutions)
  const trainings = runs.filter((run) => run.command === 'bench train')
  const layers = runs.filter((run) => run.command === 'bench layer')
  const withTrainings = replaceBetween(page, marksOf('bench'), trainings.map(renderTraining).join('\n'))
  return replaceBetween(withTrainings, marksOf('depthwise'), layers.map(renderConvolutions).join('\n'))
}

function renderTraining({ options, rows, ...run }: RecordedTraining): string {
  const [first] = rows
  const peer = first?.peer
  const title = `${first?.engine.name} ${options.precision} against ${peer ? `${peer.name} (${peer.version})` : 'nothing'}`
  const machine = `${describeMachine(run)}; ${options.turns} turns of ${options.steps} steps a side, A B A B …; engine: ${first?.engine.details}. Median (smallest–largest turn).`
  const others = [...new Set(rows.flatMap(({ otherPeers = [] }) => otherPeers.map(({ side }) => side.name)))]
  const heads = [
    'row',
    'batch',
    'ours, ms/step',
    'images/s',
    'peer, ms/step',
    'ratio peer/ours',
    ...others.map((name) => `ratio of ${name}`),
    'peak memory, ours : peer',
    'first step after',
  ]
  const body = rows.map(({ table, row, batchSize, imageShape, ours, peer: theirs, ratio, otherPeers }) => [
    `${table}/${row}`,
    `${batchSize} × ${imageShape.join('×')}`,
    spread(ours.stepMs),
    Math.round(ours.imagesPerSecond.median).toLocaleString('en'),
    theirs === null ? '–' : spread(theirs.stepMs),
    ratio === null ? '–' : ratioCell(ratio),
    ...others.map((name) => {
      const other = otherPeers?.find(({ side }) => side.name === name)
      // Where it was the best, its ratio stands in the column before.
      return other === undefined ? '–' : ratioCell(other.ratio)
    }),
    `${mebibytes(ours)} : ${theirs === null ? '–' : mebibytes(theirs)} MiB`,
    `${ours.startToFirstStepSeconds.toFixed(1)} s`,
  ])
  return renderSection(title, run, machine, [heads, ...body])
}

function renderConvolutions({ options, engine, peer, matmulSpeed, measured, ...run }: RecordedConvolutions): string {
  const { batch, turns, steps } = options
  const threads = `${engine.threads} thread${engine.threads === 1 ? '' : 's'}`
  const title = `${engine.name} ${engine.precision} against ${peer.name} (${peer.version}), ${threads} each`
  const machine = `${describeMachine(run)}; batch ${batch}; ${turns} turns of ${steps} steps a side, A B A B …; engine: ${engine.details}; a large matrix product: ${Math.round(matmulSpeed)} GFLOP/s of processor time. Median (smallest–largest turn).`
  const heads = [
    'convolution',
    'pass',
    'ours, ms',
    'peer, ms',
    'format of the peer',
    'ratio peer/ours',
    'by processor time',
    'bound reached',
    'difference',
  ]
  const body = measured.map(({ size, channels, outputs, kernelSize, stride, pass, ours, bound, peer: theirs }) => [
    `${size}×${size}×${channels}${outputs === undefined ? '' : ` → ${outputs}`}, ${kernelSize}×${kernelSize}${stride === 1 ? '' : ` / ${stride}`}`,
    pass,
    short(ours.ms.median),
    short(theirs.ms.median),
    theirs.format,
    ratioCell(theirs.ratio),
    ratioCell(theirs.processorRatio),
    `${Math.round(100 * bound.reached)} % of ${bound.memoryMs > bound.arithmeticMs ? 'memory' : 'arithmetic'}`,
    theirs.difference.toExponential(0),
  ])
  return renderSection(title, run, machine, [heads, ...body])
}

function describeMachine({ date, environment }: Recorded): string {
  const { cpu, cores, memoryGiB, node, tfjs, loadAtStart } = environment
  return `${date.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, TF.js ${tfjs}; load at the start ${loadAtStart}`
}

/** A table under its title; two columns to the left, the others to the right. */
function renderSection(
  title: string,
  { environment }: Recorded,
  about: string,
  [heads, ...body]: readonly [readonly string[], ...(readonly string[])[]],
): string {
  const processor = environment.cpu.replaceAll(/\((?:R|TM)\)| Processor/g, '')
  const table = [heads, heads.map((_, index) => (index < 2 ? '---' : '--:')), ...body]
  return `### ${title}, on ${processor}\n\n${about}\n\n${table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`
}

const spread = ({ median, min, max }: Spread): string =>
  [median, min, max]
    .map(digits)
    .join(' (')
    .replace(/ \(([^(]*)$/, '–$1)')
const ratioCell = ({ median, min, max }: Spread): string =>
  `**${median.toFixed(2)}** (${min.toFixed(2)}–${max.toFixed(2)})`
const short = (ms: number): string => ms.toPrecision(3)
const digits = (ms: number): string => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'))
const mebibytes = ({ peakResidentBytes }: Side): string => Math.round(peakResidentBytes / 2 ** 20).toLocaleString('en')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(enginesFile, renderEngines(readFileSync(enginesFile, 'utf8')))
}
