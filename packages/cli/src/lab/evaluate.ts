import { createRegistry, fail, failAll, type NormalUse, type Plugin, type Row, suggest } from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import tta from '@tricklab/plugin-tta'
import { evaluateRun, formatEvaluation, openRun } from '@tricklab/repro'
import { type EngineArguments, engineChoice } from '../repro/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

export interface EvaluateArguments extends Partial<EngineArguments> {
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
