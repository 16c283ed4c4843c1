/**
 * Puts the recorded benchmark runs of `docs/bench` into docs/50-engines.md, between its marks. `pnpm docs:engines`; a
 * test keeps them equal. A recorded run is the last line of `pnpm bench train … --json`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { replaceBetween } from './generated-part.ts'

const marks = ['<!-- bench: made by `pnpm docs:engines` -->', '<!-- end of bench -->'] as const
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

/** What is read of a recorded run. */
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
  }[]
}

/** The page with its tables made anew from the recorded runs. */
export function renderEngines(page: string): string {
  const folder = path.join(root, 'docs/bench')
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Recorded)
  return replaceBetween(page, marks, runs.map(renderRun).join('\n'))
}

function renderRun({ date, environment, options, rows }: Recorded): string {
  const { cpu, cores, memoryGiB, node, tfjs, loadAtStart } = environment
  const [first] = rows
  const peer = first?.peer
  const processor = cpu.replaceAll(/\((?:R|TM)\)| Processor/g, '')
  const title = `### ${first?.engine.name} ${options.precision} against ${peer ? `${peer.name} ${peer.version}` : 'nothing'}, on ${processor}`
  const machine = `${date.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, TF.js ${tfjs}; load at the start ${loadAtStart}; ${options.turns} turns of ${options.steps} steps a side, A B A B …; engine: ${first?.engine.details}. Median (smallest–largest turn).`
  const heads = [
    'row',
    'batch',
    'ours, ms/step',
    'images/s',
    'peer, ms/step',
    'ratio peer/ours',
    'peak memory, ours : peer',
    'first step after',
  ]
  const body = rows.map(({ table, row, batchSize, imageShape, ours, peer: theirs, ratio }) => [
    `${table}/${row}`,
    `${batchSize} × ${imageShape.join('×')}`,
    spread(ours.stepMs),
    Math.round(ours.imagesPerSecond.median).toLocaleString('en'),
    theirs === null ? '–' : spread(theirs.stepMs),
    ratio === null ? '–' : `**${ratio.median.toFixed(2)}** (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    `${mebibytes(ours)} : ${theirs === null ? '–' : mebibytes(theirs)} MiB`,
    `${ours.startToFirstStepSeconds.toFixed(1)} s`,
  ])
  const table = [heads, heads.map((_, index) => (index < 2 ? '---' : '--:')), ...body]
  return `${title}\n\n${machine}\n\n${table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`
}

const spread = ({ median, min, max }: Spread): string =>
  [median, min, max]
    .map(digits)
    .join(' (')
    .replace(/ \(([^(]*)$/, '–$1)')
const digits = (ms: number): string => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'))
const mebibytes = ({ peakResidentBytes }: Side): string => Math.round(peakResidentBytes / 2 ** 20).toLocaleString('en')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(enginesFile, renderEngines(readFileSync(enginesFile, 'utf8')))
}
