import { fail } from '@tricklab/core'
import type { SummaryTable, TrainingTable } from '@tricklab/core/recipe'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import {
  acceptRecord,
  checkAcceptedRecords,
  compareSummaries,
  findTarget,
  formatSummaryComparison,
  here,
  listRows,
  prepareRows,
  processesHere,
  reportRuns,
  reportSummaryTable,
} from '@tricklab/repro'
import type { Command } from 'commander'
import {
  addSeedOptions,
  engineChoice,
  type SeedArguments,
  seedList,
  seedsOf,
  wholeNumber,
} from '../options/arguments.ts'
import {
  addCheckpointOption,
  addDataOption,
  addEngineOptions,
  addJsonOption,
  addLimitOptions,
  addRunsOptions,
} from '../options/options.ts'
import { addTrackingOptions } from '../options/tracking.ts'
import { isInstalled } from '../ui/as-typed.ts'
import { collect, createProgram } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { resumeHint } from '../ui/resume-hint.ts'
import { stopSignal } from '../ui/signals.ts'
import { addCollectCommands } from './collect.ts'
import { addCompareCommand } from './compare.ts'
import { handOver, type Place } from './hand-over.ts'
import { addJobCommand } from './job.ts'
import { reproMeasurement } from './measure.ts'
import { addPlaceOptions, type PlaceArguments, placeOf } from './places.ts'
import { addPlanCommands } from './plan.ts'
import { type RecordsArguments, recordsHelp, recordsOf, tableHelp } from './records.ts'
import { type TrainingArguments, trainWork } from './training.ts'
import { addWorkerCommand } from './worker.ts'

interface ReproOptions extends SeedArguments, PlaceArguments, Omit<TrainingArguments, 'executor'> {
  readonly jobs: number
  readonly engine: EngineName | 'auto'
  readonly precision?: 'f32' | 'bf16'
  readonly resume?: boolean
  readonly json?: boolean
  readonly turns: number
  readonly steps: number
}

/** `pnpm repro …` */
export function reproProgram(): Command {
  const program = createProgram('repro', 'Trains documented tables again and says whether their numbers hold.')
  program
    .argument('[target]', 'TABLE, TABLE/ROW, ./my-table.ts or ./my-table.ts#ROW')
    .argument('[site...]', 'behind --, with --on slurm: options of your site for sbatch')
  addSeedOptions(program, 'table')
  addEngineOptions(program)
  addDataOption(program)
  addRunsOptions(program, 'continue the newest run of the same recipe').option(
    '--jobs <n>',
    'how many seeds to train at the same time, each in its own process',
    wholeNumber('--jobs', 1),
    1,
  )
  addPlaceOptions(program)
  addCheckpointOption(program)
  addTrackingOptions(program)
  addLimitOptions(program, '; such a run gets no verdict')
    .option(
      '--turns <n>',
      'tables of measurements: how many times to measure every variant',
      wholeNumber('--turns', 2),
      5,
    )
    .option('--steps <n>', 'tables of measurements: steps or passes each time', wholeNumber('--steps', 1), 3)
  addJsonOption(program).action(async (target: string | undefined, site: string[], options: ReproOptions) => {
    if (target === undefined) {
      fail('E_ARGUMENT', {
        what: 'No table was named.',
        expected: 'pnpm repro TABLE[/ROW].',
        received: 'nothing.',
        fix: '`pnpm repro list` shows all tables and rows.',
      })
    }
    process.exitCode = await repro(target, site, options)
  })

  program
    .command('list')
    .description('list all tables and rows with documented and measured values')
    .argument('[part]', 'list only rows whose TABLE/ROW contains this text; default: every row')
    .option('--json', 'one JSON array on standard output')
    .action(async (part: string | undefined, { json }: { json?: boolean }) => {
      const rows = await listRows(undefined, part)
      process.stdout.write(json === true ? `${JSON.stringify(rows.items)}\n` : `${rows.text}\n`)
    })
  program
    .command('check')
    .description('verify all accepted records from their files alone: recipe hash, completeness, arithmetic, tolerance')
    .option('--records <folder>', recordsHelp)
    .option('--table <file>', tableHelp, collect)
    .option('--json', 'one JSON object on standard output')
    .action(async ({ json, ...given }: RecordsArguments & { json?: boolean }) => {
      const checked = await checkAcceptedRecords(await recordsOf(given, 'must exist'))
      process.stdout.write(json === true ? `${JSON.stringify(checked.items)}\n` : `${checked.text}\n`)
      process.exitCode = checked.ok ? 0 : 1
    })
  program
    .command('report')
    .description('write a report page of runs; default: of all accepted records')
    .argument('[runs...]', 'run folders')
    .option('--records <folder>', recordsHelp)
    .option('--output <file>', 'file for the page', 'report.html')
    .action(async (runs: string[], { output, records }: { output: string; records?: string }) => {
      if (records !== undefined && runs.length > 0) refuseBoth()
      const { root } = await recordsOf({ records }, 'must exist')
      process.stdout.write(`${await reportRuns(runs, output, root)}\n`)
    })
  program
    .command('accept')
    .description('copy a finished run, without its weights, to the accepted records')
    .argument('<run>', 'run folder')
    .option(
      '--join',
      'add the seeds of the run to the existing record; recipe, dataset, engine and precision must be the same',
    )
    .option('--seed <list>', 'take these finished seeds of the run alone: 7, or 1,3; default: all', seedList)
    .option('--records <folder>', recordsHelp)
    .option('--table <file>', tableHelp, collect)
    .action(async (run: string, { join, seed, ...given }: RecordsArguments & { join?: boolean; seed?: number[] }) => {
      if (isInstalled && given.records === undefined) refuseToAccept()
      const records = await recordsOf(given, 'may be new')
      process.stdout.write(
        `${await acceptRecord(run, { ...records, join: join === true, ...(seed === undefined ? {} : { seeds: seed }) })}\n`,
      )
    })
  addCompareCommand(program)
  addPlanCommands(program)
  addJobCommand(program)
  addWorkerCommand(program)
  addCollectCommands(program)
  return program
}

function refuseToAccept(): never {
  fail('E_ARGUMENT', {
    what: 'An installed package cannot keep the records of documented tables.',
    expected: 'a checkout of Tricklab.',
    received: 'an installed package, which the next installation would overwrite.',
    fix: 'name a folder for records of your own with --records, or clone the repository and accept the run there.',
  })
}

function refuseBoth(): never {
  fail('E_ARGUMENT', {
    what: 'A report is either of runs or of a folder of records.',
    expected: 'run folders, or --records.',
    received: 'both.',
    fix: 'leave one of them out.',
  })
}

async function repro(text: string, site: readonly string[], options: ReproOptions): Promise<number> {
  const place = placeOf(options, site)
  const { table, rows, reference } = await findTarget(text)
  if (place !== undefined && table.kind !== 'training') refusePlace(table.id)
  if (table.kind === 'measurement') return reproMeasurement(table, rows, reference, options)
  return table.kind === 'summary'
    ? reproSummary(table, rows, options)
    : reproTraining(table, rows, reference, options, place)
}

function refusePlace(table: string): never {
  fail('E_ARGUMENT', {
    what: `The table ${table} has no seeds that could be handed over.`,
    expected: '--on with a table whose rows are trained.',
    received: `${table}.`,
    fix: 'leave out --on.',
  })
}

async function reproSummary(table: SummaryTable, rows: readonly string[], options: ReproOptions): Promise<number> {
  const [name, engineOptions] = engineChoice(options)
  await prepareEngine(name, engineOptions)
  const compared = compareSummaries(table, rows)
  const page = await reportSummaryTable(table, compared, options.out)
  process.stderr.write(`${formatSummaryComparison(compared)}\n\nReport: ${page}\n`)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ table: table.id, rows: compared })}\n`)
  return compared.every((row) => row.verdict === 'reproduced') ? 0 : 1
}

async function reproTraining(
  table: TrainingTable,
  names: readonly string[],
  reference: string,
  options: ReproOptions,
  place: Place | undefined,
): Promise<number> {
  const rows = prepareRows(table, names)
  const view = createProgressView()
  const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
  const work = rows.map((row) => ({ row, reference, seeds: seedsOf(options), resume: options.resume === true }))
  if (place !== undefined) return handOver(options.on!, place, table.id, work, options, view, signal)
  const executor = options.jobs > 1 ? processesHere(options.jobs) : here
  const { exitCode, results } = await trainWork(work, { ...options, executor }, view, signal)
  if (exitCode === 3) process.stderr.write(resumeHint('repro'))
  if (options.json === true) process.stdout.write(`${JSON.stringify({ table: table.id, rows: results })}\n`)
  return exitCode
}
