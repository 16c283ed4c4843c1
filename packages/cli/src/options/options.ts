import type { Command } from 'commander'
import { collect } from '../ui/main.ts'
import { type EngineArguments, engineHelp, positiveNumber, wholeNumber } from './arguments.ts'

/** What `addDataOption` adds. */
export interface DataArguments {
  readonly data?: string[]
}

/** Adds `--data`: where to look for datasets. */
export function addDataOption(command: Command): Command {
  return command.option(
    '--data <path>',
    'folder of datasets, or an archive, to use before anything is downloaded; repeatable; also TRICKLAB_DATA',
    collect,
  )
}

/** Adds `--engine`, `--precision` and `--threads`; precision is what `precision` says unless it is given. */
export function addEngineOptions(command: Command, precision = "the row's"): Command {
  return addThreadsOption(
    command
      .option('--engine <name>', engineHelp, 'auto')
      .option('--precision <name>', `f32 or bf16; default: ${precision}`),
  )
}

/** Adds `--threads`. */
export function addThreadsOption(command: Command, threads = 'what the engine chooses'): Command {
  return command.option('--threads <n>', `threads of the engine; default: ${threads}`, wholeNumber('--threads', 1))
}

/** What `addRunEngineOptions` adds. */
export type RunEngineArguments = Partial<EngineArguments>

/** Adds `--engine`, `--precision` and `--threads` for a run, which stay as they were in the run unless given. */
export function addRunEngineOptions(command: Command): Command {
  return addThreadsOption(
    command
      .option('--engine <name>', `${engineHelp}; default: that of the run`)
      .option('--precision <name>', 'f32 or bf16; default: that of the run'),
    'those of the run',
  )
}

/** What `addWeightsOptions` adds. */
export interface WeightsArguments {
  readonly seed?: number
  readonly table?: string
}

/** Adds `--seed` and `--table`, which say whose weights of a run to use. */
export function addWeightsOptions(command: Command): Command {
  return addTableOption(
    command.option(
      '--seed <n>',
      'seed whose weights to use; default: the first finished seed',
      wholeNumber('--seed', 0),
    ),
  )
}

/** Adds `--table`: where the table of a run is. */
export function addTableOption(command: Command): Command {
  return command.option('--table <file>', 'file of the table, if it does not come with Tricklab')
}

/** What `addRunsOptions` and `addLimitOptions` add. */
export interface RunsArguments extends DataArguments {
  readonly out: string
  readonly resume?: boolean
  readonly checkpointMinutes: number
  readonly epochs?: number
  readonly limitTrain?: number
  readonly limitValid?: number
}

/** Adds `--out` and `--resume`; `resume` says what is gone on with. */
export function addRunsOptions(command: Command, resume: string): Command {
  return command.option('--out <folder>', 'folder for the runs', 'runs').option('--resume', resume)
}

/** Adds `--checkpoint-minutes`. */
export function addCheckpointOption(command: Command): Command {
  return command.option(
    '--checkpoint-minutes <n>',
    'minutes between two checkpoints inside an epoch',
    positiveNumber('--checkpoint-minutes'),
    5,
  )
}

/** Adds what shortens a training; `consequence` is what comes of it. */
export function addLimitOptions(command: Command, consequence = ''): Command {
  return command
    .option('--epochs <n>', `train at most n epochs${consequence}`, wholeNumber('--epochs', 1))
    .option('--limit-train <n>', `train on n images only${consequence}`, wholeNumber('--limit-train', 1))
    .option('--limit-valid <n>', `validate with n images only${consequence}`, wholeNumber('--limit-valid', 1))
}

/** Adds `--json` for a command that also tells its result in words. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', 'one JSON object on the last line of standard output')
}
