import path from 'node:path'
import { prepareEngine } from '@tricklab/engine'
import { oneRow, traceRow, traceWholeRow } from '@tricklab/repro'
import { type Command, Option } from 'commander'
import { type EngineArguments, engineChoice, wholeNumber } from '../options/arguments.ts'
import { addDataOption, addEngineOptions, addJsonOption, type DataArguments } from '../options/options.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

interface TraceArguments extends EngineArguments, DataArguments {
  readonly whole?: boolean
  readonly steps: number
  readonly totalSteps?: number
  readonly batchSize?: number
  readonly validBatches: number
  readonly seed?: number
  readonly out: string
  readonly json?: boolean
}

/** Declares `lab trace`. */
export function addTrace(program: Command): void {
  const command = program
    .command('trace')
    .description('write a training, or its first steps, to files, so that another framework can repeat it')
    .argument('<target>', 'TABLE/ROW')
    .requiredOption('--out <folder>', 'folder for weights, batches, losses and learning rates')
    .option('--steps <n>', 'training steps', wholeNumber('--steps', 1), 12)
    .option('--total-steps <n>', "steps of the whole schedule; default: the row's", wholeNumber('--total-steps', 1))
    .option('--batch-size <n>', "images a batch; default: the row's", wholeNumber('--batch-size', 1))
    .option(
      '--valid-batches <n>',
      'validation batches scored after the last step',
      wholeNumber('--valid-batches', 1),
      2,
    )
    .addOption(
      new Option(
        '--whole',
        'write the start weights, every batch of the training and the validation images, without computing a step; a batch of 64 images of 64 × 64 pixels takes 3 MB',
      ).conflicts(['steps', 'totalSteps', 'batchSize', 'validBatches']),
    )
    .option('--seed <n>', 'seed of weights and batches; default: the first of the row', wholeNumber('--seed', 0))
  addEngineOptions(command, 'f32, whatever the row asks for')
  addDataOption(command)
  addJsonOption(command).action((target: string, options: TraceArguments) => trace(target, options))
}

/** `pnpm lab trace TABLE/ROW`: a training, or its first steps, as files that another framework can follow. */
export async function trace(target: string, given: TraceArguments): Promise<void> {
  const row = await oneRow(target)
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const [engine, engineOptions] = engineChoice(given)
    await prepareEngine(engine, { ...engineOptions, onNotice: notice })
    const folder = path.resolve(given.out)
    const { steps, totalSteps, batchSize, validBatches, seed = row.seeds[0] ?? 1, data: dataPaths = [] } = given
    const common = { seed, folder, dataPaths, progress: view.sink, signal }
    const traced =
      given.whole === true
        ? await traceWholeRow(row, common)
        : await traceRow(row, {
            ...common,
            ...{ steps, validBatches },
            ...(totalSteps === undefined ? {} : { totalSteps }),
            ...(batchSize === undefined ? {} : { batchSize }),
          })
    view.close()
    process.stderr.write(`Trace of ${traced.steps.length} steps: ${folder}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify({ ...traced, folder })}\n`)
  } finally {
    view.close()
  }
}
