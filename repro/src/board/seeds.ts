import path from 'node:path'
import { machineIdentity } from '@tricklab/core/files'
import { type NormalRecipe, stageRecipes } from '@tricklab/core/recipe'
import { foldersWith } from '../elsewhere/runs.ts'
import { describeOwner, lockOwner } from '../process/file-lock.ts'
import { residentBytes } from '../process/peak-memory.ts'
import type { Manifest } from '../record/types.ts'
import { readManifest } from '../runner/run-folder.ts'
import { seedFiles } from '../runner/seed-files.ts'
import type { FollowedLog } from './follow-log.ts'

/** A run below the folder of the board. */
export interface BoardRun {
  /** Its folder, from that of the board on. */
  readonly id: string
  readonly folder: string
  readonly manifest: Manifest
}

/** How a seed stands now. */
export interface BoardSeed {
  readonly run: BoardRun
  readonly seed: number
  /** What has not begun, and what was stopped and can go on, waits. */
  readonly state: 'running' | 'done' | 'failed' | 'waiting'
  readonly log: FollowedLog
  /** Epochs of the whole training, and steps of one. */
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Training images a second: lately where it runs, over all where it is done. */
  readonly imagesPerSecond: number | undefined
  /** Of one that runs. */
  readonly secondsLeft: number | undefined
  /** Held now by the process that trains it, where that is on this machine; the most that it held where it is done. */
  readonly memoryMiB: number | undefined
  /** Who trains it. */
  readonly where: string | undefined
}

/** Every run below a folder, the newest first. What has no readable manifest is passed over. */
export function findRuns(root: string): BoardRun[] {
  return foldersWith('manifest.json', root)
    .flatMap((folder) => {
      const found = readManifest(folder)
      if (found === 'missing' || 'fault' in found) return []
      return [{ id: path.relative(root, folder).split(path.sep).join('/') || '.', folder, manifest: found.manifest }]
    })
    .sort((a, b) => b.manifest.started.localeCompare(a.manifest.started))
}

/** The seeds of a run as their logs tell. */
export function seedsOf(run: BoardRun, follow: (file: string) => FollowedLog): BoardSeed[] {
  return run.manifest.seeds.map((seed) => {
    const files = seedFiles(run.folder, seed)
    const log = follow(files.log)
    const owner = log.end === undefined ? lockOwner(files.lock) : undefined
    const state = log.end !== undefined ? 'done' : owner !== undefined ? 'running' : failedOr(run.manifest, seed)
    const length = lengthOf(run.manifest, log)
    const isHere = owner?.machine === machineIdentity
    return {
      ...{ run, seed, state, log, ...length },
      imagesPerSecond: imagesPerSecond(log),
      secondsLeft: state === 'running' ? secondsLeft(run.manifest, log, length) : undefined,
      memoryMiB: log.end?.peakMemoryMiB ?? (isHere ? toMiB(residentBytes(owner!.pid)) : undefined),
      where: owner && describeOwner(owner),
    }
  })
}

const failedOr = ({ status }: Manifest, seed: number) => (status[seed] === 'failed' ? 'failed' : 'waiting')
const toMiB = (bytes: number | undefined) => bytes && Math.round(bytes / 2 ** 20)

function lengthOf({ recipe, partial, dataset }: Manifest, { steps, epochs }: FollowedLog) {
  const stages = stageRecipes(recipe as unknown as NormalRecipe)
  const planned = stages.reduce((sum, stage) => sum + Math.min(stage.epochs, partial?.epochs ?? Infinity), 0)
  const size = Math.max(...steps.slice(0, 2).map((step) => step.size), 1)
  return { epochs: planned, stepsPerEpoch: epochs[0]?.step ?? Math.ceil(dataset.train / size) }
}

/** Steps whose speed counts as that of now. */
const window = 20

/** The middle one of single steps, so that a machine that slept, or a checkpoint, does not count. */
function imagesPerSecond({ steps, end }: FollowedLog): number | undefined {
  const rates = (end === undefined ? steps.slice(-window) : steps)
    .filter(({ seconds }) => seconds > 0)
    .map(({ size, seconds }) => size / seconds)
    .sort((a, b) => a - b)
  return rates[rates.length >> 1]
}

/** A forward pass costs a third of a training step, until an epoch with its validation was timed. */
const shareOfValidation = 1 / 3

function secondsLeft(
  { dataset }: Manifest,
  { steps, epochs }: FollowedLog,
  length: Pick<BoardSeed, 'epochs' | 'stepsPerEpoch'>,
): number | undefined {
  const last = epochs.slice(-3)
  const open = steps.filter(({ epoch }) => epoch === epochs.length)
  const spent = open.reduce((sum, { seconds }) => sum + seconds, 0)
  const perEpoch =
    last.length > 0
      ? last.reduce((sum, { seconds }) => sum + seconds, 0) / last.length
      : (spent / open.length) * length.stepsPerEpoch * (1 + (shareOfValidation * dataset.valid) / dataset.train)
  const left = (length.epochs - epochs.length) * perEpoch - spent
  return Number.isFinite(left) ? Math.max(0, left) : undefined
}
