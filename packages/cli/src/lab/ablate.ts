import path from 'node:path'
import { fail } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/files'
import type { Row } from '@tricklab/core/recipe'
import { type Engine, type Precision, prepareEngine } from '@tricklab/engine'
import {
  chooseTricks,
  findTarget,
  formatAblation,
  mostPairs,
  oneRow,
  planAblation,
  readAblation,
  runAblation,
  writeReportFile,
  writeRunReport,
} from '@tricklab/repro'
import type { Command } from 'commander'
import {
  addSeedOptions,
  type EngineArguments,
  engineChoice,
  limitsOf,
  nameList,
  type SeedArguments,
  seedsOf,
} from '../options/arguments.ts'
import {
  addCheckpointOption,
  addDataOption,
  addEngineOptions,
  addJsonOption,
  addLimitOptions,
  addRunsOptions,
  type RunsArguments,
} from '../options/options.ts'
import { report } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { resumeHint } from '../ui/resume-hint.ts'
import { stopSignal } from '../ui/signals.ts'

interface AblateArguments extends EngineArguments, SeedArguments, RunsArguments {
  readonly drop?: readonly string[]
  readonly json?: boolean
}

/** Declares `lab ablate`. */
export function addAblate(program: Command): void {
  const command = program
    .command('ablate')
    .description(
      'measure what each trick of a row is worth: train the row without one trick at a time, from the same seeds',
    )
    .argument('<target>', 'TABLE/ROW')
    .option(
      '--drop <names>',
      'tricks to leave out, one at a time, such as mish,blurpool; default: every trick of the row',
      nameList,
    )
  addSeedOptions(command, 'row')
  addEngineOptions(command)
  addDataOption(command)
  addRunsOptions(command, 'continue the newest runs of the same recipes, and use finished runs as they are')
  addCheckpointOption(command)
  addLimitOptions(command)
  addJsonOption(command).action(async (target: string, options: AblateArguments) => {
    process.exitCode = await ablate(target, options)
  })
}

/** `pnpm lab ablate TABLE/ROW`: what each trick of a row is worth, leaving out one at a time. Returns the exit code. */
export async function ablate(target: string, given: AblateArguments): Promise<number> {
  const row = await oneRow(target)
  const { reference } = await findTarget(target)
  const variants = planAblation(row, chooseTricks(row, given.drop))
  const seeds = seedsOf(given) ?? row.seeds
  if (seeds.length > mostPairs) refuseSeeds(seeds.length)

  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  const options = {
    engineOf: createEngineChoice(given, notice),
    seeds,
    limits: limitsOf(given),
    out: given.out,
    resume: given.resume === true,
    dataPaths: given.data ?? [],
    checkpointMinutes: given.checkpointMinutes,
    report: writeRunReport,
    reference,
    progress: view.sink,
    signal,
  }
  try {
    for (const { trick, sameAs } of variants) {
      if (trick !== null && sameAs !== null) notice(`without ${trick.name}: the same recipe as ${sameAs}, run once`)
    }
    const runs = await runAblation(variants, options)
    view.close()
    const error = runs.find((run) => run.error !== undefined)?.error
    const exitCode = error === undefined ? 0 : report(error)
    if (exitCode === 3) process.stderr.write(resumeHint('lab ablate'))
    if (runs[0]!.folder === null || exitCode === 3) return exitCode

    const ablation = await readAblation(runs, seeds, options)
    const folder = path.resolve(given.out, row.table.id, `${row.name}-ablation`)
    const page = path.join(folder, 'report.html')
    await writeReportFile({ kind: 'ablation', ablation }, page)
    await writeFileAtomic(path.join(folder, 'ablation.json'), [`${JSON.stringify(ablation, null, 2)}\n`])
    process.stderr.write(`\n${formatAblation(ablation)}\n\nReport: ${page}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify({ ...ablation, report: page })}\n`)
    return exitCode
  } finally {
    view.close()
  }
}

/** Prepares the engine again only where a row asks for another precision than the one before. */
function createEngineChoice(
  given: AblateArguments,
  onNotice: (message: string) => void,
): (row: Row) => Promise<Engine> {
  const [name, engineOptions] = engineChoice(given)
  let [prepared, engine]: [Precision?, Engine?] = []
  return async ({ recipe }) => {
    const preferredPrecision: Precision = recipe.precision ?? 'f32'
    if (engine === undefined || prepared !== preferredPrecision) {
      engine = await prepareEngine(name, { ...engineOptions, preferredPrecision, onNotice })
      prepared = preferredPrecision
    }
    return engine
  }
}

function refuseSeeds(count: number): never {
  fail('E_ARGUMENT', {
    what: `An ablation over ${count} seeds cannot be tested exactly.`,
    expected: `up to ${mostPairs} seeds.`,
    received: `${count}.`,
    fix: 'use fewer, with --seeds or --seed.',
  })
}
