import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'
import { describeOwner, lockOwner } from '../process/file-lock.ts'
import type { LogLine, Manifest } from '../record/types.ts'
import { readEnd, readManifest } from '../runner/run-folder.ts'
import { seedFiles } from '../runner/seed-files.ts'

/** How a seed stands. What has not begun, and what was stopped and can go on, waits. */
export interface SeedState {
  readonly seed: number
  readonly state: 'done' | 'running' | 'waiting' | 'failed'
  /** Of one that runs: who trains it, and since when. */
  readonly where: string | null
  /** The last step and epoch in its log, from 1. */
  readonly step: number | null
  readonly epoch: number | null
}

export interface RunState {
  readonly folder: string
  readonly table: string
  readonly row: string
  readonly started: string
  readonly ended: string | null
  readonly seeds: readonly SeedState[]
}

/** A run lies at most so deep below the folder of all runs: table, row, moment, and one more of the user's. */
const depth = 4

/** Folders below `root`, itself included, that hold a file of this name; the oldest first. */
export function foldersWith(file: string, root: string, levels = depth): string[] {
  let entries: ReturnType<typeof list>
  try {
    entries = list(root)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
  if (entries.some(({ name }) => name === file)) return [root]
  if (levels === 0) return []
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return below.sort().flatMap((name) => foldersWith(file, path.join(root, name), levels - 1))
}

const list = (folder: string) => readdirSync(folder, { withFileTypes: true })

/** Every run below a folder, as its files tell it. What has no readable manifest is passed over. */
export function readRunStates(root: string): RunState[] {
  return foldersWith('manifest.json', root).flatMap((folder) => {
    const found = readManifest(folder)
    return found === 'missing' || 'fault' in found ? [] : [runState(folder, found.manifest)]
  })
}

/** How the seeds of one run stand. */
export function runState(folder: string, manifest: Manifest): RunState {
  const { table, row, started, ended } = manifest
  return { folder, table, row, started, ended, seeds: manifest.seeds.map((seed) => seedState(folder, seed, manifest)) }
}

function seedState(folder: string, seed: number, { status }: Manifest): SeedState {
  const { log, lock } = seedFiles(folder, seed)
  const at = lastStep(log)
  if (readEnd(folder, seed) !== undefined) return { seed, state: 'done', where: null, ...at }
  const owner = lockOwner(lock)
  if (owner !== undefined) return { seed, state: 'running', where: describeOwner(owner), ...at }
  return { seed, state: status[seed] === 'failed' ? 'failed' : 'waiting', where: null, ...at }
}

/** Longer than any few lines of a log. @unit bytes */
const tail = 8192

/** The last step that a log tells of, from its end alone: logs are long and are asked often. */
function lastStep(file: string): Pick<SeedState, 'step' | 'epoch'> {
  const lines = endOf(file).split('\n').reverse()
  for (const text of lines) {
    try {
      const line = JSON.parse(text) as LogLine
      if (line.event === 'step' || line.event === 'epoch') return { step: line.step, epoch: line.epoch + 1 }
    } catch {
      // Cut short, by us or by whoever writes.
    }
  }
  return { step: null, epoch: null }
}

function endOf(file: string): string {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  try {
    const { size } = fstatSync(handle)
    const from = Math.max(0, size - tail)
    const bytes = Buffer.alloc(size - from)
    return bytes.toString('utf8', 0, readSync(handle, bytes, 0, bytes.length, from))
  } finally {
    closeSync(handle)
  }
}
