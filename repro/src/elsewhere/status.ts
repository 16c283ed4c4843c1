import path from 'node:path'
import { alignColumns } from '../text-columns.ts'
import { type Batch, readBatch } from './batch.ts'
import { foldersWith, type RunState, readRunStates, type SeedState } from './runs.ts'

/** What a place says of the jobs that it was given, by their index. Undefined where it cannot be asked from here. */
export type AskPlace = (batch: Batch) => Promise<ReadonlyMap<number, string> | undefined>

/** How a seed stands, with what the place says to which it was handed over. */
export interface PlacedSeed extends SeedState {
  /** `slurm 17_3 PENDING`; null where the place no longer knows of it, or nothing was handed over. */
  readonly place: string | null
}

export interface PlacedRun extends Omit<RunState, 'seeds'> {
  readonly seeds: readonly PlacedSeed[]
}

/** Runs below a folder, and the places that could not be asked. */
export interface RunsStatus {
  readonly runs: readonly PlacedRun[]
  readonly silent: readonly string[]
}

/** How every run below a folder stands. @param ask by kind of place */
export async function readStatus(root: string, ask: { readonly [kind: string]: AskPlace }): Promise<RunsStatus> {
  const runs = readRunStates(root)
  const unfinished = new Set(runs.filter(({ ended }) => ended === null).map(({ folder }) => keyOf(folder)))
  const said = new Map<string, string>()
  const silent = new Set<string>()
  for (const batch of foldersWith('batch.json', root).map(readBatch)) {
    const { place, jobs } = batch
    const asked = place === undefined ? undefined : ask[place.kind]
    if (asked === undefined || !jobs.some(({ folder }) => unfinished.has(keyOf(folder)))) continue
    const states = await asked(batch)
    if (states === undefined) silent.add(place!.kind)
    for (const [index, text] of states ?? []) {
      const job = jobs[index]
      if (job !== undefined) said.set(`${keyOf(job.folder)}#${job.seed}`, `${place!.kind} ${text}`)
    }
  }
  const placed = ({ folder, seeds, ...run }: RunState): PlacedRun => ({
    ...{ folder, ...run },
    seeds: seeds.map((seed) => ({ ...seed, place: said.get(`${keyOf(folder)}#${seed.seed}`) ?? null })),
  })
  return { runs: runs.map(placed), silent: [...silent] }
}

const keyOf = (folder: string) => path.resolve(folder)

/** The runs as text: a line each, then a line for every seed that is not done. */
export function formatStatus({ runs, silent }: RunsStatus): string {
  if (runs.length === 0) return 'There is no run.'
  const states = ['done', 'running', 'waiting', 'failed'] as const
  const count = (run: PlacedRun, state: SeedState['state']) =>
    `${run.seeds.filter((seed) => seed.state === state).length}`
  const lines = runs.map((run) => [`${run.table}/${run.row}`, ...states.map((state) => count(run, state)), run.folder])
  const open = runs.flatMap(({ table, row, seeds }) =>
    seeds
      .filter(({ state }) => state !== 'done')
      .map((seed) => `${table}/${row} seed ${seed.seed}: ${describeSeed(seed)}`),
  )
  return [
    alignColumns([['row', ...states, 'folder'], ...lines]),
    ...(open.length === 0 ? [] : [open.join('\n')]),
    ...silent.map((kind) => `The jobs at ${kind} cannot be asked for from this machine.`),
  ].join('\n\n')
}

function describeSeed({ state, where, step, epoch, place }: PlacedSeed): string {
  const parts = [where === null ? state : `${state}, ${where}`]
  if (step !== null) parts.push(`epoch ${epoch}, step ${step}`)
  if (place !== null) parts.push(place)
  return parts.join('; ')
}
