import { fail } from '@tricklab/core'
import { checkDataPaths } from '@tricklab/data'
import { type Engine, prepareEngine } from '@tricklab/engine'
import {
  documentedRows,
  findTarget,
  finishedSeeds,
  formatPlan,
  makePlan,
  type Plan,
  prepareRows,
  processesHere,
  type ReferencedRow,
} from '@tricklab/repro'
import type { Command } from 'commander'
import { duration, positiveNumber, seedCount, wholeNumber } from '../options/arguments.ts'
import { addCheckpointOption, addDataOption, addEngineOptions, addJsonOption } from '../options/options.ts'
import { createProgressView, type ProgressView } from '../ui/progress-view.ts'
import { commandAgain } from '../ui/resume-hint.ts'
import { stopSignal } from '../ui/signals.ts'
import { recordsHelp, recordsOf } from './records.ts'
import { referenceSpeed } from './reference.ts'
import { type TrainingArguments, trainWork, type Work } from './training.ts'

interface PlanArguments extends Pick<TrainingArguments, 'engine' | 'precision' | 'threads' | 'data' | 'out'> {
  readonly seeds?: number[]
  readonly budget?: number
  readonly machines: number
  readonly imagesPerSecond?: number
  readonly records?: string
  readonly json?: boolean
}

type RunPlanArguments = PlanArguments & Pick<TrainingArguments, 'checkpointMinutes'>

/** `repro plan` and `repro run-plan`. */
export function addPlanCommands(program: Command): void {
  planOptions(program.command('plan'))
    .description('what every row takes on this machine, what is done, and which seeds to train first; trains nothing')
    .action(async (target: string | undefined, options: PlanArguments) => {
      const { plan } = await planOf(target, options)
      process.stdout.write(options.json === true ? `${JSON.stringify(plan)}\n` : `${formatPlan(plan)}\n`)
    })
  addCheckpointOption(planOptions(program.command('run-plan')))
    .description('train what `repro plan` names, one seed after the other; the same command again goes on')
    .action(async (target: string | undefined, options: RunPlanArguments) => {
      process.exitCode = await runPlan(target, options)
    })
}

function planOptions(command: Command): Command {
  command
    .argument('[target]', 'TABLE, TABLE/ROW, ./my-table.ts or ./my-table.ts#ROW; default: every table that is trained')
    .option(
      '--budget <time>',
      'only the seeds that fit into such a time by the estimate: 8h, 90min, 1.5d',
      duration('--budget'),
    )
    .option('--seeds <n>', 'how many seeds every row should have; default: the seeds of the table', seedCount)
    .option('--machines <n>', 'machines of the array that is reckoned with', wholeNumber('--machines', 1), 10)
    .option(
      '--images-per-second <n>',
      'training images of xresnet50 at 128 px a second here; default: measured by a few steps',
      positiveNumber('--images-per-second'),
    )
  addEngineOptions(command)
  addDataOption(command)
    .option('--out <folder>', 'where runs are kept; what has finished there is not planned again', 'runs')
    .option('--records <folder>', recordsHelp)
  return addJsonOption(command)
}

interface Planned {
  readonly plan: Plan
  /** Rows by `TABLE/ROW`, and how another process finds their tables. */
  readonly rows: ReadonlyMap<string, ReferencedRow>
  readonly view: ProgressView
  readonly signal: AbortSignal
}

async function planOf(target: string | undefined, options: PlanArguments): Promise<Planned> {
  const { root } = await recordsOf({ records: options.records }, 'must exist')
  checkDataPaths(options.data ?? [])
  const rows = new Map((await rowsOf(target)).map((each) => [`${each.row.table.id}/${each.row.name}`, each]))
  const view = createProgressView()
  const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
  const progress = view.sink
  try {
    // Networks are only built, to be counted: any engine does.
    await prepareEngine('cpu')
    const plan = await makePlan(
      [...rows.values()].map(({ row }) => row),
      {
        seeds: options.seeds,
        precision: options.precision,
        machines: options.machines,
        budget: options.budget,
        out: options.out,
        dataPaths: options.data ?? [],
        ...(root === undefined ? {} : { records: root }),
        progress,
        signal,
        speed: (precisions) => referenceSpeed(precisions, { ...options, progress, signal }),
      },
    )
    if (signal.aborted) failStopped()
    return { plan, rows, view, signal }
  } finally {
    view.close()
  }
}

function failStopped(): never {
  fail('E_INTERRUPTED', {
    what: 'The plan was not finished.',
    received: 'a signal to stop.',
    fix: 'run the same command again.',
  })
}

async function rowsOf(target: string | undefined): Promise<ReferencedRow[]> {
  if (target === undefined) return documentedRows()
  const { table, rows, reference } = await findTarget(target)
  if (table.kind !== 'training') {
    fail('E_ARGUMENT', {
      what: `"${target}" has nothing to train, so there is nothing to plan.`,
      expected: 'a table whose rows are trained.',
      received: table.kind === 'summary' ? 'a table that is computed.' : 'a table of measurements.',
      fix: `run it at once with \`pnpm repro ${target}\`; \`pnpm repro list\` shows all tables and rows.`,
    })
  }
  return prepareRows(table, rows).map((row) => ({ row, reference }))
}

async function runPlan(target: string | undefined, options: RunPlanArguments): Promise<number> {
  const { plan, rows, view, signal } = await planOf(target, options)
  process.stderr.write(`${formatPlan(plan)}\n\n`)
  function* work(): Generator<Work> {
    for (const { table, row: name, seed } of plan.jobs) {
      const { row, reference } = rows.get(`${table}/${name}`)!
      // Looked up only now: another process may have worked here meanwhile.
      const { seeds, engines } = finishedSeeds(options.out, row)
      if (seeds.includes(seed)) continue
      yield { row, reference, seeds: [seed], resume: (engine) => engines.some((other) => isLike(engine, other)) }
    }
  }
  const training = { ...options, executor: processesHere(1), keepGoing: true }
  const { exitCode, stopped, results } = await trainWork(work(), training, view, signal)
  if (stopped) process.stderr.write(`Go on with: ${commandAgain('repro')}\n`)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ jobs: plan.jobs, rows: results })}\n`)
  // Whoever starts it again wants to know whether there is more to do, whatever else happened.
  return stopped ? 3 : exitCode
}

type RunEngine = ReturnType<typeof finishedSeeds>['engines'][number]

const isLike = (engine: Engine, other: RunEngine): boolean =>
  engine.name === other.name && engine.precision === other.precision && engine.threads === other.threads
