import { prepareEngine } from '@tricklab/engine'
import { evaluateRun, formatEvaluation, openRun } from '@tricklab/repro'
import type { Command } from 'commander'
import { engineChoice, wholeNumber } from '../options/arguments.ts'
import {
  addDataOption,
  addJsonOption,
  addRunEngineOptions,
  addTableOption,
  type DataArguments,
  type RunEngineArguments,
  type WeightsArguments,
} from '../options/options.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { addPredictorOptions, choosePredictor, type PredictorArguments } from './predictor.ts'

interface EvaluateArguments extends PredictorArguments, WeightsArguments, RunEngineArguments, DataArguments {
  readonly weights?: string
  readonly json?: boolean
}

/** Declares `lab evaluate`. */
export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('score the validation images again with the weights of a run, and compare with the recorded result')
    .argument('<run>', 'run folder')
  addPredictorOptions(command)
    .option('--seed <n>', 'score one seed of the run; default: every finished seed', wholeNumber('--seed', 0))
    .option('--weights <file>', "weights to score instead of the run's own, such as a file of lab import-weights")
  addTableOption(command)
  addRunEngineOptions(command)
  addDataOption(command)
  addJsonOption(command).action((run: string, options: EvaluateArguments) => evaluate(run, options))
}

/** `pnpm lab evaluate RUN`: scores the validation split again with the weights of a run, beside what it recorded. */
export async function evaluate(folder: string, given: EvaluateArguments): Promise<void> {
  const opened = await openRun(folder, given.table)
  const { row, record } = opened
  const { predictor, plugins } = choosePredictor(row, given)

  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const { name, threads, precision } = record.manifest.engine
    const [engineName, options] = engineChoice({ engine: name, precision, threads, ...given })
    const engine = await prepareEngine(engineName, { ...options, onNotice: notice })
    const evaluation = await evaluateRun(opened, {
      engine,
      seed: given.seed,
      weights: given.weights,
      predictor,
      plugins,
      dataPaths: given.data ?? [],
      progress: view.sink,
      signal,
    })
    view.close()
    process.stderr.write(`${formatEvaluation(evaluation)}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify(evaluation)}\n`)
  } finally {
    view.close()
  }
}
