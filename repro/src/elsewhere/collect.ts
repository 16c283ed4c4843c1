import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import type { ProgressSink } from '@tricklab/train'
import { readRecord } from '../record/read.ts'
import { readManifest, rowFolder, updateManifest, withEnd } from '../runner/run-folder.ts'
import { type VerdictRow, verdictRow } from '../verdict/verdict-row.ts'
import { type Batch, readBatch } from './batch.ts'
import { foldersWith, type RunState, runState } from './runs.ts'

export interface CollectOptions {
  /** Folder of all runs. */
  readonly out: string
  /** Whether to wait until every seed is done or has failed. */
  readonly wait: boolean
  /** How the records of jobs are fetched that were trained where the runs are not seen, by kind of place. */
  readonly fetch: { readonly [kind: string]: FetchRecords }
  readonly progress: ProgressSink
  readonly signal: AbortSignal
}

/** What has arrived of the newest runs of some rows. */
export interface Collected {
  /** Verdicts of the runs that have at least one finished seed. */
  readonly results: readonly VerdictRow[]
  readonly runs: readonly RunState[]
  /** Seeds that have not finished, as `TABLE/ROW seed N`, and those of them that failed. */
  readonly missing: readonly string[]
  readonly failed: readonly string[]
}

/** Writes what a place holds into the run folders of a batch; false where the place cannot be asked from here. */
export type FetchRecords = (batch: Batch) => Promise<boolean>

/** How often files are looked at: a shared disk should not feel it. @unit ms */
const lookMs = 3000

/** Judges what has arrived of the newest run of every row. @errors E_RUN_UNKNOWN where no row has a run, E_RECORD */
export async function collectRuns(rows: readonly Row[], options: CollectOptions): Promise<Collected> {
  const { out, wait, progress, signal } = options
  const folders = rows.flatMap((row) => newestRun(out, row) ?? [])
  if (folders.length === 0) failUnknown(rows, out)
  const told = new Set<string>()
  const fetchAll = createFetcher(folders, options)
  await fetchAll()
  let runs = statesOf(folders)
  for (;;) {
    for (const name of namesOf(runs, ['done', 'failed'])) {
      if (wait && !told.has(name)) progress({ kind: 'notice', message: name })
      told.add(name)
    }
    if (!wait || signal.aborted || namesOf(runs, ['running', 'waiting']).length === 0) break
    await sleep(lookMs, undefined, { signal }).catch(() => {})
    await fetchAll()
    runs = statesOf(folders)
  }
  // A job that was killed right after its last line could not note that its run has ended.
  for (const { folder } of runs.filter(isComplete))
    await updateManifest(folder, (before) => before && withEnd(folder, before))
  const begun = runs.filter(({ seeds }) => seeds.some(({ state }) => state === 'done'))
  const results = await Promise.all(begun.map(async ({ folder }) => verdictRow(await readRecord(folder))))
  return {
    ...{ results, runs },
    missing: namesOf(runs, ['running', 'waiting', 'failed']),
    failed: namesOf(runs, ['failed']),
  }
}

/** Asks the places of all batches with seeds in these run folders. One that does not answer is told of once. */
function createFetcher(folders: readonly string[], { out, fetch, progress }: CollectOptions): () => Promise<void> {
  const own = new Set(folders.map((folder) => path.resolve(folder)))
  const batches = foldersWith('batch.json', out)
    .map(readBatch)
    .filter(({ place, jobs }) => place !== undefined && jobs.some(({ folder }) => own.has(path.resolve(folder))))
  const silent = new Set<string>()
  return async () => {
    for (const batch of batches) {
      const { kind, id } = batch.place!
      if ((await (fetch[kind]?.(batch) ?? true)) || silent.has(id)) continue
      silent.add(id)
      const message = `${kind} at ${id} does not answer. What workers have uploaded there is not fetched.`
      progress({ kind: 'notice', message })
    }
  }
}

const isComplete = ({ ended, seeds }: RunState) => ended === null && seeds.every(({ state }) => state === 'done')

function namesOf(runs: readonly RunState[], states: readonly RunState['seeds'][number]['state'][]): string[] {
  return runs.flatMap(({ table, row, seeds }) =>
    seeds
      .filter(({ state }) => states.includes(state))
      .map(({ seed, state }) => `${table}/${row} seed ${seed}: ${state}`),
  )
}

/** The newest run of the recipe as it is now. */
function newestRun(out: string, row: Row): string | undefined {
  const parent = rowFolder(out, row)
  const folders = existsSync(parent) ? readdirSync(parent).sort().reverse() : []
  return folders
    .map((name) => path.join(parent, name))
    .find((folder) => {
      const found = readManifest(folder)
      return found !== 'missing' && 'manifest' in found && found.manifest.recipeHash === row.hash
    })
}

function statesOf(folders: readonly string[]): RunState[] {
  return folders.map((folder) => {
    const found = readManifest(folder)
    if (found !== 'missing' && 'manifest' in found) return runState(folder, found.manifest)
    return fail('E_RUN_UNKNOWN', {
      what: `The run ${folder} can no longer be read.`,
      expected: 'a manifest.json.',
      received: found === 'missing' ? 'no such file.' : `${found.fault}.`,
      fix: 'put the folder back.',
    })
  })
}

function failUnknown([row]: readonly Row[], out: string): never {
  fail('E_RUN_UNKNOWN', {
    what: `There is no run of ${row?.table.id} with the current recipe in ${path.resolve(out)}.`,
    expected: 'a run that was begun, or handed over with --on.',
    fix: 'name the folder of the runs with --out.',
  })
}
