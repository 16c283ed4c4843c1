import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fail } from '@tricklab/core'
import { failAll, type Problem } from '@tricklab/core/errors'
import { isPlainJson } from './plain-json.ts'
import { readSeedLog, type SeedLog } from './read-log.ts'
import { manifestShape } from './schema.ts'
import type { Manifest } from './types.ts'

export type { EndLine, EpochLine, SeedLog } from './read-log.ts'

/** A record as its files tell it. */
export interface RunRecord {
  readonly folder: string
  readonly manifest: Manifest
  /** One a seed that has begun, in the order of `manifest.seeds`. */
  readonly logs: readonly SeedLog[]
}

/**
 * Reads the record in `folder`, strictly: every problem of every file is reported, with file and line.
 * @errors E_RUN_UNKNOWN when there is no manifest; E_RECORD when a file is not well formed.
 */
export async function readRecord(folder: string): Promise<RunRecord> {
  const manifest = await readManifest(folder)
  const problems: Problem[] = []
  const logs: SeedLog[] = []
  for (const seed of manifest.seeds) {
    const log = await readSeed(folder, seed, manifest, problems)
    if (log !== null) logs.push(log)
  }
  problems.push(...(await strayLogs(folder, manifest)))
  failAll(problems)
  return { folder, manifest, logs }
}

/**
 * Reads `manifest.json` alone.
 * @errors E_RUN_UNKNOWN, E_RECORD
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, 'manifest.json')
  const content = await readText(file)
  if (content === null) {
    fail('E_RUN_UNKNOWN', {
      what: `There is no record at "${folder}".`,
      expected: 'a folder with a manifest.json.',
      fix: 'name the folder of a run, or make one with pnpm repro TABLE/ROW.',
    })
  }
  const value = parseManifest(file, content)
  if (!isPlainJson(content, value)) {
    fail('E_RECORD', {
      what: `${file} has a key twice, or a number in an unusual form.`,
      fix: 'undo the edit.',
    })
  }
  failAll(manifestShape(value, '').map((what) => ({ code: 'E_RECORD' as const, what: `${file}: ${what}.` })))
  return value as Manifest
}

function parseManifest(file: string, content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    fail('E_RECORD', { what: `${file} is not JSON: ${(cause as Error).message}.`, cause })
  }
}

async function readSeed(
  folder: string,
  seed: number,
  manifest: Manifest,
  problems: Problem[],
): Promise<SeedLog | null> {
  const file = join(folder, seedFile(seed))
  const done = manifest.status[seed] === 'done'
  const content = await readText(file)
  if (content !== null) return readSeedLog({ file, seed, content, done, problems })
  if (done) problems.push({ code: 'E_RECORD', what: `${file} is missing, though seed ${seed} is marked done.` })
  return null
}

async function strayLogs(folder: string, { seeds }: Manifest): Promise<Problem[]> {
  const known = new Set(seeds.map(seedFile))
  const names = (await readdir(folder)).filter((name) => /^seed-.*\.jsonl$/.test(name) && !known.has(name))
  return names.sort().map((name) => ({
    code: 'E_RECORD',
    what: `${join(folder, name)} belongs to no seed of the manifest.`,
    expected: `${[...known].join(', ')}.`,
    received: `${basename(name)}.`,
  }))
}

const seedFile = (seed: number): string => `seed-${seed}.jsonl`

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    return failUnreadable(file, error)
  }
}

/** @errors E_RUN_UNKNOWN */
export function failUnreadable(file: string, cause: unknown): never {
  fail('E_RUN_UNKNOWN', {
    what: `${file} cannot be read: ${(cause as Error).message}.`,
    expected: 'a file of a run, on a disk that works, which this user may read.',
    fix: 'check the disk and the permissions of the file.',
    cause,
  })
}
