import { createRegistry, fail, failAll, type NormalUse, type Plugin, type Row, suggest } from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import tta from '@tricklab/plugin-tta'
import { evaluateRun, formatEvaluation, openRun } from '@tricklab/repro'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, engineHelp, wholeNumber } from '../repro/arguments.ts'
import { collect } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

interface EvaluateArguments extends Partial<EngineArguments> {
  readonly with?: string
  readonly views?: number
  readonly beta?: number
  readonly reduce?: string
  readonly seed?: number
  readonly weights?: string
  readonly table?: string
  readonly data?: string[]
  readonly json?: boolean
}

/** Declares `lab evaluate`. */
export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('score the validation images again with the weights of a run, and compare with the recorded result')
    .argument('<run>', 'run folder')
    .option('--with <predictor>', 'how to score an image: tta scores several views of it')
    .option('--views <n>', 'random views of every image', wholeNumber('--views', 1))
    .option('--beta <share>', 'weight of the plain view', Number)
    .option('--reduce <how>', 'how to combine the random views: mean or max')
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
  const plugins = withOwn(row.table.plugins, [tta])
  const predictor = choosePredictor(row, plugins, given)

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

/** The plugins of a table and those that the command brings along. */
function withOwn(plugins: readonly Plugin[], own: readonly Plugin[]): Plugin[] {
  const names = plugins.map(({ name }) => name)
  return [...plugins, ...own.filter(({ name }) => !names.includes(name))]
}

/** The predictor that the command line names, its options checked as those of a recipe. */
function choosePredictor(row: Row, plugins: readonly Plugin[], given: EvaluateArguments): NormalUse | undefined {
  const { with: name, views, beta, reduce } = given
  const options = Object.fromEntries(Object.entries({ views, beta, reduce }).filter(([, value]) => value !== undefined))
  if (name === undefined) {
    const [stray] = Object.keys(options)
    if (stray === undefined) return undefined
    return fail('E_ARGUMENT', {
      what: `--${stray} is an option of a predictor, but no predictor is named.`,
      expected: '--with tta.',
      received: `--${stray} alone.`,
      fix: 'add --with tta.',
    })
  }
  const registry = createRegistry(plugins)
  const names = registry.list('predictor').map((entry) => entry.name)
  if (!names.includes(name)) {
    fail('E_ARGUMENT', {
      what: `There is no predictor "${name}".`,
      expected: `one of ${names.join(', ')}.`,
      received: `--with ${name}.`,
      fix: suggest(name, names),
    })
  }
  const { use, problems } = registry.normalize('predictor', { use: name, ...options }, `${row.table.id}/${row.name}`)
  failAll(problems)
  return use
}
