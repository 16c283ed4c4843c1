import { fail } from '@tricklab/core'
import { oneRow } from '@tricklab/repro'
import type { ProgressSink } from '@tricklab/train'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, engineHelp, wholeNumber } from '../options/arguments.ts'
import { addDataOption, addJsonOption, addThreadsOption } from '../options/options.ts'
import { createProgram } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { benchConvolutions, type ConvolutionKind, convolutionKinds } from './convolutions.ts'
import { benchData } from './data.ts'
import { dataPeerName } from './data-peer-name.ts'
import { formatConvolutions } from './format-convolutions.ts'
import { formatData } from './format-data.ts'
import { formatLayers } from './format-layers.ts'
import { formatProfile } from './format-profile.ts'
import { formatTrainHead, formatTrainRow } from './format-train.ts'
import { benchLayer, type LayerName, type LayerOptions, layerNames } from './layers.ts'
import { memoryFormat, memoryFormats, peerName, peerNames } from './peers.ts'
import { benchProfile, type ProfileOptions } from './profile.ts'
import { createProgressLine } from './progress-line.ts'
import { type BenchTarget, defaultTargets, expandTarget, plainNetworks, resolveTargets } from './targets.ts'
import { benchTrain, comparedSteps, type TrainOptions } from './train.ts'

/** `pnpm bench …` */
export function benchProgram(): Command {
  const program = createProgram(
    'bench',
    'Measures speed: of a training step, of its kernels, of single layers and of reading data.',
  )
  addTrain(program)
  addProfile(program)
  addData(program)
  addLayer(program)
  return program
}

interface TrainArguments extends Omit<TrainOptions, 'dataPaths' | 'peer' | 'memoryFormat'> {
  readonly peer: string
  readonly memoryFormat: string
  readonly data?: string[]
  readonly json?: boolean
}

function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('measure one training step of Tricklab and of a peer, in turns')
    .argument('[targets...]', `rows, or ${plainNetworks.join(', ')}; default: ${defaultTargets.join(' and ')}`)
    .option('--peer <name>', `${peerNames.join(', ')}: the library to compare with`, 'tfjs')
    .option('--memory-format <name>', `memory format of PyTorch: ${memoryFormats.join(', ')}`, 'faster')
    .option('--compile', 'also measure PyTorch with torch.compile; the time to compile is printed separately')
    .option('--steps <n>', 'steps a turn', wholeNumber('--steps', 1), 10)
    .option('--turns <n>', 'turns of each side', wholeNumber('--turns', 1), 5)
    .option('--warmup <n>', 'steps before the first turn', wholeNumber('--warmup', comparedSteps), 5)
  addCommonOptions(command).action(async (texts: string[], { json, data, peer, ...given }: TrainArguments) => {
    engineChoice(given)
    const choices = { peer: peerName(peer), memoryFormat: memoryFormat(given.memoryFormat) }
    const options = { ...given, ...choices, dataPaths: data ?? [] }
    const result = await benchTrain(await resolveTargets(texts), options, createProgressLine(), {
      begins: (run) => print(formatTrainHead(run)),
      measured: (row) => print(`\n${formatTrainRow(row)}`),
    })
    if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`)
  })
}

interface CommonArguments extends EngineArguments {
  readonly steps: number
  readonly data?: string[]
  readonly json?: boolean
}

function addProfile(program: Command): void {
  const command = program
    .command('profile')
    .description('measure how much time each kernel takes of a training step')
    .argument('<target>', `TABLE/ROW, or ${plainNetworks.join(', ')}`)
    .option('--steps <n>', 'steps to profile', wholeNumber('--steps', 1), 10)
  addCommonOptions(command).action(async (text: string, options: CommonArguments) => {
    const result = await inThisProcess(text, options, (target, settings, sink) => benchProfile(target, settings, sink))
    print(formatProfile(result), options.json === true ? result : undefined)
  })
}

interface DataArguments extends CommonArguments {
  readonly batches: number
  readonly peer: 'torch' | 'none'
  readonly turns: number
}

function addData(program: Command): void {
  const command = program
    .command('data')
    .description('measure how many images a second can be read, and how long training waits for them')
    .argument('<target>', `TABLE/ROW, or ${plainNetworks.join(', ')}`)
    .option('--steps <n>', 'training steps', wholeNumber('--steps', 1), 20)
    .option('--batches <n>', 'batches to read without training', wholeNumber('--batches', 1), 100)
    .option(
      '--peer <name>',
      'torch: also decode the same photos with torchvision, in turns; or none',
      dataPeerName,
      'none',
    )
    .option('--turns <n>', 'turns of each side against the peer', wholeNumber('--turns', 1), 5)
  addCommonOptions(command).action(async (text: string, options: DataArguments) => {
    const { batches, peer, turns } = options
    const result = await inThisProcess(text, options, (target, settings, sink) =>
      benchData(target, { ...settings, batches, peerTurns: peer === 'none' ? 0 : turns }, sink),
    )
    print(formatData(result), options.json === true ? result : undefined)
  })
}

interface LayerArguments extends Omit<CommonArguments, 'data'>, Omit<LayerOptions, 'engine' | 'shapes'> {
  readonly peer: 'torch' | 'none'
}

function addLayer(program: Command): void {
  const command = program
    .command('layer')
    .description(
      'one layer forward and backward: a twist against three convolutions, groups against a masked dense one, ' +
        'the convolutions of xresnet50 and mxresnet50, or the depthwise ones of EfficientNet-B0, against a peer',
    )
    .argument('<layer>', [...layerNames, ...convolutionKinds].join(', '))
    .option('--peer <name>', 'torch: what convolutions are measured against; none', dataPeerName, 'none')
    .option('--batch <n>', 'images', wholeNumber('--batch', 1), 32)
    .option('--channels-per-group <n>', 'groups: a divisor of 64', wholeNumber('--channels-per-group', 1), 8)
    .option('--steps <n>', 'steps a turn', wholeNumber('--steps', 1), 5)
    .option('--turns <n>', 'turns of each form', wholeNumber('--turns', 1), 7)
  addEngineOptions(command)
  addJsonOption(command).action(async (name: string, { json, channelsPerGroup, peer, ...given }: LayerArguments) => {
    const layer = layerName(name)
    if (64 % channelsPerGroup !== 0) refuse('--channels-per-group', 'a divisor of 64', channelsPerGroup)
    if (!isConvolution(layer) && peer !== 'none') refuse(`--peer of ${layer}, which has two forms,`, 'none', peer)
    const { batch, steps, turns } = given
    const options = { batch, steps, turns, engine: engineChoice(given) }
    const line = createProgressLine()
    const show = (what: string) => line.show(what)
    try {
      if (isConvolution(layer)) {
        const result = await benchConvolutions(layer, { ...options, peer }, show)
        print(formatConvolutions(result), json === true ? result : undefined)
      } else {
        const result = await benchLayer(layer, { ...options, channelsPerGroup }, show)
        print(formatLayers(result), json === true ? result : undefined)
      }
    } finally {
      line.clear()
    }
  })
}

/** Convolutions have no second form of ours, and so stand apart from `layerNames`. */
function layerName(name: string): LayerName | ConvolutionKind {
  const known = [...layerNames, ...convolutionKinds] as const
  return known.find((each) => each === name) ?? refuse('The layer', known.join(', '), name)
}

const isConvolution = (layer: LayerName | ConvolutionKind): layer is ConvolutionKind =>
  (convolutionKinds as readonly string[]).includes(layer)

function refuse(what: string, expected: string, received: string | number): never {
  fail('E_ARGUMENT', {
    what: `${what} is not of the right form.`,
    expected: `${expected}.`,
    received: `"${received}".`,
    fix: 'see --help.',
  })
}

/** Steps before anything is timed: compilation, first allocations. */
const warmup = 3

/** Runs a measurement of one row here, with its progress on standard error. */
async function inThisProcess<T>(
  text: string,
  given: CommonArguments,
  measure: (target: BenchTarget, options: ProfileOptions, sink: ProgressSink) => Promise<T>,
): Promise<T> {
  const { data, steps } = given
  const row = await oneRow(expandTarget(text))
  const line = createProgressLine()
  const { sink, close } = createProgressView()
  try {
    line.show(`${row.table.id}/${row.name}: measuring ${steps} steps`)
    const options = { engine: engineChoice(given), dataPaths: data ?? [], steps, warmup }
    return await measure({ row, text }, options, sink)
  } finally {
    line.clear()
    close()
  }
}

/** Unlike a training, a measurement has the same precision for all rows. */
function addEngineOptions(command: Command): Command {
  return addThreadsOption(
    command.option('--engine <name>', engineHelp, 'auto').option('--precision <name>', 'f32 or bf16', 'f32'),
  )
}

/** Options that every measurement has. */
function addCommonOptions(command: Command): Command {
  addEngineOptions(command)
  addDataOption(command)
  return addJsonOption(command)
}

function print(text: string, json?: object): void {
  process.stdout.write(`${text}\n`)
  if (json !== undefined) process.stdout.write(`${JSON.stringify(json)}\n`)
}
