import { rmdir } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { normalizeRow, type Row, type TrainingTable } from '@tricklab/core/recipe'
import type { Engine } from '@tricklab/engine'
import { type Limits, type ProgressSink, type SurveyedRow, surveyRow } from '@tricklab/train'
import { rowHead } from '../record/row-head.ts'
import { type Manifest, recordSchema, type SeedStatus } from '../record/types.ts'
import { describeEngine, describeEnvironment } from './environment.ts'
import type { Executor } from './executor.ts'
import { harnessHooks } from './harness.ts'
import type { Job } from './job.ts'
import { nameRow } from './job-row.ts'
import type { ReportWriter } from './live-report.ts'
import { describeResumption, findResumable, type RunParts } from './resume.ts'
import { createRunFolder, readEnd, updateManifest, withEnd } from './run-folder.ts'
import { refuseLocked } from './seed-lock.ts'
import type { Tracking } from './trackers.ts'

export interface RunOptions {
  readonly engine: Engine
  /** Undefined: the seeds of the row. */
  readonly seeds: readonly number[] | undefined
  readonly limits: Limits
  readonly out: string
  readonly resume: boolean
  readonly dataPaths: readonly string[]
  readonly checkpointMinutes: number
  /** Who is told of the training; default: nobody. */
  readonly tracking?: Tracking | undefined
  /** Where the seeds are trained. */
  readonly executor: Executor
  /** How another process finds the table again. */
  readonly reference: string
  readonly progress: ProgressSink
  readonly signal: AbortSignal
  /** Writes the report of the run, after the epochs and at the end; absent: it is not written. */
  readonly report?: ReportWriter | undefined
}

/** What came of one row. */
export interface RowRun {
  readonly row: Row
  readonly folder: string
  readonly manifest: Manifest
  /** The first error that stopped a seed. */
  readonly error: unknown
}

/** Rows of a table, normalised and checked before anything starts. */
export function prepareRows(table: TrainingTable, names: readonly string[]): Row[] {
  return names.map((name) => normalizeRow(table, name))
}

/**
 * Runs every seed of a row that is not done yet. An error of one seed is kept and the others go on; a signal stops all.
 * Other processes may train other seeds of the same run meanwhile.
 * @errors those of surveyRow and findResumable, E_RUN_LOCKED, E_OUT_WRITE
 */
export async function runRow(row: Row, given: RunOptions): Promise<RowRun> {
  const survey = await surveyRow(row, { ...given, harness: harnessHooks })
  try {
    return await runSeeds(survey, given)
  } finally {
    survey.dataset.dispose?.()
  }
}

async function runSeeds(survey: SurveyedRow, options: RunOptions): Promise<RowRun> {
  const { row, dataset, limits } = survey
  const { engine, executor, resume, checkpointMinutes, tracking, dataPaths, signal, progress, report } = options
  const seeds = options.seeds ?? row.seeds
  const { folder, manifest } = await openRunFolder(survey, seeds, options)
  const { name, precision, threads } = engine
  const common = {
    ...nameRow(row, options.reference),
    ...{ engine: name, precision, threads },
    ...{ limits, dataPaths: dataPaths.map((place) => path.resolve(place)), folder: path.resolve(folder) },
    ...{ resume, checkpointMinutes },
    ...(tracking === undefined ? {} : { tracking }),
  }
  const pending = seeds.filter((seed) => readEnd(folder, seed) === undefined)
  const jobs = pending.map((seed): Job => ({ ...common, seed }))
  const outcomes = await executor.run(jobs, { row, engine, dataset, progress, signal, report })
  let error = outcomes.find((outcome) => outcome.error !== undefined)?.error

  const ended = await updateManifest(folder, (before = manifest) => withEnd(folder, before)).catch((cause) => {
    error ??= cause
    return manifest
  })
  await report?.(folder).catch((cause) => {
    error ??= cause
  })
  const missing = ended.seeds.filter((seed) => !seeds.includes(seed) && readEnd(folder, seed) === undefined)
  if (error === undefined && missing.length > 0) {
    const message = `${row.name}: seed ${missing.join(', ')} of this run is not done, so there is no verdict yet.`
    progress({ kind: 'notice', message })
  }
  return { row, folder, manifest: ended, error }
}

/** The folder of the run to go on with, or a new one, and its manifest with these seeds in it. */
async function openRunFolder(survey: SurveyedRow, seeds: readonly number[], options: RunOptions) {
  const { row, dataset, limits, plugins } = survey
  const { engine, out, progress } = options
  const now = {
    recipeHash: row.hash,
    engine: describeEngine(engine),
    partial: Object.keys(limits).length === 0 ? null : limits,
    environment: describeEnvironment({ plugins }),
    dataset,
  }
  const resumed = options.resume ? findResumable(out, row, now, progress) : undefined
  if (options.resume && resumed === undefined) {
    progress({ kind: 'notice', message: `${row.name}: nothing to resume, starting anew.` })
  }
  const pending = seeds.filter((seed) => resumed === undefined || readEnd(resumed, seed) === undefined)
  if (resumed !== undefined) for (const seed of pending) refuseLocked({ row: row.name, seed, folder: resumed })
  // Nothing is left behind by a start that fails before there is anything to say of it.
  const fresh = resumed === undefined ? describeRun(survey, now) : undefined
  const folder = resumed ?? createRunFolder(out, row)
  try {
    const manifest = await updateManifest(folder, (found) => {
      const before = fresh ?? found ?? failGone(folder)
      const again = resumed === undefined || pending.length === 0 ? undefined : describeResumption(before, now, pending)
      if (again !== undefined) {
        const message = `${row.name}: resumed in another environment, which may change the last bits: ${again.text}.`
        progress({ kind: 'notice', message })
      }
      return {
        ...before,
        seeds: [...new Set([...before.seeds, ...seeds])],
        ended: pending.length === 0 ? before.ended : null,
        ...(again === undefined ? {} : { resumed: [...(before.resumed ?? []), again.entry] }),
        status: { ...before.status, ...Object.fromEntries(seeds.map((seed) => [seed, statusOf(folder, seed)])) },
      }
    })
    return { folder, manifest }
  } catch (error) {
    if (resumed === undefined) await rmdir(folder).catch(() => {})
    throw error
  }
}

function failGone(folder: string): never {
  fail('E_RUN_LOST', {
    what: `The manifest of ${folder} was removed before the run could continue.`,
    expected: 'a manifest.json.',
    fix: 'put the folder back, or run without --resume to start anew.',
  })
}

const statusOf = (folder: string, seed: number): SeedStatus =>
  readEnd(folder, seed) === undefined ? 'stopped' : 'done'

function describeRun(
  { row, dataset, sizes, hooks }: SurveyedRow,
  { engine, partial, environment }: RunParts,
): Manifest {
  return {
    schema: recordSchema,
    ...rowHead(row),
    engine,
    partial,
    seeds: [],
    dataset: {
      name: row.recipe.data.dataset.use,
      digest: dataset.digest,
      ...sizes,
      classes: dataset.classes.length,
      ...(dataset.note === undefined ? {} : { note: dataset.note }),
    },
    environment,
    hooks,
    started: new Date().toISOString(),
    ended: null,
    status: {},
  }
}
