import { prepareEngine } from '@tricklab/engine'
import { evaluateRun, formatEvaluation, openRun } from '@tricklab/repro'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, engineHelp, wholeNumber } from '../repro/arguments.ts'
import { collect } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { addPredictorOptions, choosePredictor, type PredictorArguments } from './predictor.ts'

interface EvaluateArguments extends Partial<EngineArguments>, PredictorArguments {
  readonly seed?: number
  readonly weights?: string
  readonly table?: string
  readonly data?: string[]
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
    .option('--table <file>', 'file of the table, if it does not come with Tricklab')
    .option('--engine <name>', `${engineHelp}; default: that of the run`)
    .option('--precision <name>', 'f32 or bf16; default: that of the run')
    .option('--threads <n>', 'threads of the engine; default: those of the run', wholeNumber('--threads', 1))
    .option(
      '--data <path>',
      'folder to search for datasets before anything is downloaded; repeatable; also TRICKLAB_DATA',
      collect,
    )
    .option('--json', 'one JSON object on the last line of standard output')
    .action((run: string, options: EvaluateArguments) => evaluate(run, options))
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
