import {
  createHooks,
  createRegistry,
  createRng,
  type Dataset,
  errorCodes,
  eventNames,
  type Json,
  normalizeRow,
  type Row,
  type TrainingTable,
  TricklabError,
} from '@tricklab/core'
import { checkDataPaths } from '@tricklab/data'
import type { Engine } from '@tricklab/engine'
import type { ProgressSink } from '../progress.ts'
import { type Limits, type Manifest, recordSchema, type SeedStatus } from '../record/types.ts'
import { describeEnvironment } from './environment.ts'
import { createHarness, runJob } from './job.ts'
import { runJobProcess } from './job-process.ts'
import { bindRecipeCallbacks, createMetrics, openSource, splitDataset, stageRows } from './learner.ts'
import { shorteningLimits } from './limits.ts'
import { createRunFolder, findResumable, readEnd, readManifest, writeManifest } from './run-folder.ts'

export interface RunOptions {
  readonly engine: Engine
  /** Undefined: the seeds of the row. */
  readonly seeds: readonly number[] | undefined
  readonly limits: Limits
  readonly out: string
  readonly resume: boolean
  readonly dataPaths: readonly string[]
  readonly checkpointMinutes: number
  /** Jobs side by side, each in a process of its own; 1 runs them here, one after the other. */
  readonly jobs: number
  /** A process of its own for every job even where they run one after the other: its peak memory is then its own. */
  readonly isolate?: boolean
  /** How a job process finds the table again. */
  readonly reference: string
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** What came of one row. */
export interface RowRun {
  readonly row: Row
  readonly folder: string
  readonly manifest: Manifest
  /** The first error that stopped a seed. */
  readonly error: unknown
}

/** Opens the dataset of a row. @errors E_ARGUMENT for a path of `--data` that is not there, E_DATASET_* */
export async function openDataset(
  row: Row,
  options: Pick<RunOptions, 'dataPaths' | 'progress' | 'signal'>,
): Promise<Dataset> {
  checkDataPaths(options.dataPaths)
  const registry = createRegistry(row.table.plugins, {
    log: (message) => options.progress({ kind: 'notice', message }),
  })
  return registry.create('dataset', row.recipe.data.dataset, {
    dataPaths: options.dataPaths,
    signal: options.signal,
    onProgress: ({ total, ...progress }) => options.progress({ kind: 'data', total, ...progress }),
  })
}

/** Rows of a table, normalised and checked before anything starts. */
export function prepareRows(table: TrainingTable, names: readonly string[]): Row[] {
  return names.map((name) => normalizeRow(table, name))
}

/**
 * Runs every seed of a row that is not done yet, and keeps the manifest true meanwhile.
 * An error of one seed is kept and the others go on; a signal stops all.
 */
export async function runRow(row: Row, given: RunOptions): Promise<RowRun> {
  const seeds = given.seeds ?? row.seeds
  const dataset = await openDataset(row, given)
  createMetrics(row, dataset.classes)
  const options = { ...given, limits: shorteningLimits(row, given.limits, dataset) }
  const { engine, limits, out, signal } = options
  const partial = Object.keys(limits).length === 0 ? null : limits

  const identity = { engine: describeEngine(engine), partial }
  const resumed = options.resume ? findResumable(out, row, identity) : undefined
  if (options.resume && resumed === undefined) {
    options.progress({ kind: 'notice', message: `${row.name}: nothing to resume, starting anew.` })
  }
  const folder = resumed ?? createRunFolder(out, row)
  const before = resumed === undefined ? undefined : readManifest(resumed)
  const allSeeds = [...new Set([...(before?.seeds ?? []), ...seeds])]
  let manifest: Manifest = {
    ...(before ?? (await describeRun(row, options, dataset, identity))),
    seeds: allSeeds,
    ended: null,
    status: { ...before?.status, ...Object.fromEntries(seeds.map((seed) => [seed, statusOf(folder, seed)])) },
  }
  await writeManifest(folder, manifest)

  let error: unknown
  const update = async (seed: number, status: SeedStatus) => {
    manifest = { ...manifest, status: { ...manifest.status, [seed]: status } }
    await writeManifest(folder, manifest)
  }
  const pending = seeds.filter((seed) => readEnd(folder, seed) === undefined)
  const next = async (): Promise<void> => {
    const seed = pending.shift()
    if (seed === undefined || signal.aborted) return
    await update(seed, 'running')
    const job = {
      row,
      seed,
      folder,
      engine: engine.name,
      limits,
      resume: options.resume,
      checkpointMinutes: options.checkpointMinutes,
    }
    try {
      if (options.jobs > 1 || options.isolate === true) await runJobProcess(job, options)
      else await runJob(job, { dataset, progress: options.progress, signal })
      await update(seed, 'done')
    } catch (cause) {
      error ??= cause
      const stopped = cause instanceof TricklabError && errorCodes[cause.code].exit === 3
      // A full disk may be why the seed stopped; the reason matters more than a manifest that lags behind.
      await update(seed, stopped ? 'stopped' : 'failed').catch(() => {})
    }
    await next()
  }
  await Promise.all(Array.from({ length: Math.min(options.jobs, pending.length) }, next))

  const complete = allSeeds.every((seed) => readEnd(folder, seed) !== undefined)
  if (complete) {
    manifest = { ...manifest, ended: new Date().toISOString() }
    await writeManifest(folder, manifest)
  }
  dataset.dispose?.()
  return { row, folder, manifest, error }
}

const statusOf = (folder: string, seed: number): SeedStatus =>
  readEnd(folder, seed) === undefined ? 'stopped' : 'done'

export function describeEngine({ name, version, device, threads, precision, details }: Engine): Manifest['engine'] {
  return { name, version, device, threads, precision, details }
}

async function describeRun(
  row: Row,
  options: RunOptions,
  dataset: Dataset,
  identity: Pick<Manifest, 'engine' | 'partial'>,
): Promise<Manifest> {
  const { recipe, table, reported } = row
  // Every split of a row has the same sizes, whatever the seed.
  const split = splitDataset(row, dataset, createRng(row.seeds[0] ?? 1))
  return {
    schema: recordSchema,
    table: table.id,
    title: table.title,
    source: table.source,
    row: row.name,
    recipeHash: row.hash,
    recipe: recipe as unknown as Json,
    metrics: row.metrics,
    reported: reported === undefined ? null : { metric: 'accuracy', ...reported },
    tolerance: row.tolerance ?? null,
    ...(row.note === undefined ? {} : { note: row.note }),
    ...identity,
    seeds: [],
    dataset: {
      name: recipe.data.dataset.use,
      digest: dataset.digest,
      train: Math.min(split.size('train'), options.limits.limitTrain ?? Infinity),
      valid: Math.min(split.size('valid'), options.limits.limitValid ?? Infinity),
      classes: dataset.classes.length,
      ...(dataset.note === undefined ? {} : { note: dataset.note }),
    },
    environment: describeEnvironment(table),
    hooks: await describeStages(row, options, dataset),
    started: new Date().toISOString(),
    ended: null,
    status: {},
  }
}

/** The hooks of a row; of one with stages every stage's, as `2/beforeBatch`. */
async function describeStages(row: Row, options: RunOptions, dataset: Dataset): Promise<Manifest['hooks']> {
  if (row.recipe.stages === undefined) return describeHooks(row, options, dataset)
  const hooks: Record<string, readonly string[]> = {}
  for (const [index, stage] of stageRows(row).entries()) {
    const own = await describeHooks(stage, options, dataset)
    for (const [event, names] of Object.entries(own)) hooks[`${index + 1}/${event}`] = names
  }
  return hooks
}

/** The resolved order of callbacks for every event that has one. */
export async function describeHooks(
  row: Row,
  { limits, progress, signal }: Pick<RunOptions, 'limits' | 'progress' | 'signal'>,
  dataset: Dataset,
): Promise<Manifest['hooks']> {
  const rng = createRng(row.seeds[0] ?? 1)
  const registry = createRegistry(row.table.plugins, { rng })
  const source = await openSource(row, limits, dataset, rng, { progress })
  const job = { row, seed: 0, folder: '', engine: '', limits, resume: false, checkpointMinutes: 0 }
  const { callbacks } = createHarness(job, { progress, signal }, () => ({ state: null, tensors: {} }))
  const hooks = createHooks([...bindRecipeCallbacks(row, registry, source), ...callbacks])
  const order = eventNames.map((event) => [event, hooks.order(event)] as const)
  await source.dispose?.()
  return Object.fromEntries(order.filter(([, names]) => names.length > 0))
}
