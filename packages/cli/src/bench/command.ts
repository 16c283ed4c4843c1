import type { Command } from 'commander'
import { engineChoice, engineHelp, wholeNumber } from '../repro/arguments.ts'
import { collect, createProgram } from '../ui/main.ts'
import { formatTrain } from './format-train.ts'
import { peerName, peerNames } from './peers.ts'
import { createProgressLine } from './progress-line.ts'
import { defaultTargets, resolveTargets } from './targets.ts'
import { benchTrain, comparedSteps, type TrainOptions } from './train.ts'

/** `pnpm bench …` */
export function benchProgram(): Command {
  const program = createProgram('bench', 'Measures training steps: against a peer, by kernel, and the supply of data.')
  addTrain(program)
  return program
}

interface TrainArguments extends Omit<TrainOptions, 'dataPaths' | 'peer'> {
  readonly peer: string
  readonly data?: string[]
  readonly json?: boolean
}

function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('one training step, ours against a peer, in turns of one run')
    .argument('[targets...]', `rows; default: ${defaultTargets.join(' and ')}`)
    .option('--peer <name>', `${peerNames.join(', ')}: what ours is measured against`, 'tfjs')
    .option('--channels-last', 'channels_last in PyTorch', false)
    .option('--steps <n>', 'steps a turn', wholeNumber('--steps', 1), 10)
    .option('--turns <n>', 'turns of each side', wholeNumber('--turns', 1), 5)
    .option('--warmup <n>', 'steps before the first turn', wholeNumber('--warmup', comparedSteps), 5)
  addCommonOptions(command).action(async (texts: string[], { json, data, peer, ...given }: TrainArguments) => {
    engineChoice(given)
    const options = { ...given, peer: peerName(peer), dataPaths: data ?? [] }
    const result = await benchTrain(await resolveTargets(texts), options, createProgressLine())
    print(formatTrain(result), json === true ? result : undefined)
  })
}

/** Options that every measurement has. */
function addCommonOptions(command: Command): Command {
  return command
    .option('--engine <name>', engineHelp, 'auto')
    .option('--precision <name>', 'f32 or bf16', 'f32')
    .option('--threads <n>', 'threads; default: what the engine finds best', wholeNumber('--threads', 1))
    .option('--data <path>', 'folder searched for datasets first; repeatable; also TRICKLAB_DATA', collect)
    .option('--json', 'one JSON object on the last line of standard output')
}

function print(text: string, json: object | undefined): void {
  process.stdout.write(`${text}\n`)
  if (json !== undefined) process.stdout.write(`${JSON.stringify(json)}\n`)
}
