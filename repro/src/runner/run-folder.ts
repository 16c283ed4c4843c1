import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fail, TricklabError } from '@tricklab/core'
import { makeFolder, removeTemporaries, writeFileAtomic } from '@tricklab/core/files'
import type { Row } from '@tricklab/core/recipe'
import { describeOwner, withLock } from '../process/file-lock.ts'
import { failUnreadable } from '../record/read.ts'
import { manifestShape } from '../record/schema.ts'
import type { LogLine, Manifest, SeedStatus } from '../record/types.ts'
import { seedFiles } from './seed-files.ts'

/** Runs live in `OUT/TABLE/ROW/TIME`. */
export const rowFolder = (out: string, row: Row) => path.join(out, row.table.id, row.name)

/** Creates the folder of a new run, named after the moment. @errors E_OUT_WRITE */
export const createRunFolder = (out: string, row: Row): string => createNamedFolder(rowFolder(out, row))

/** Creates a folder that is named after the moment. @errors E_OUT_WRITE */
export function createNamedFolder(parent: string, prefix = ''): string {
  const stamp = prefix + new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return writing(parent, () => {
    makeFolder(parent)
    for (let copy = 1; ; copy++) {
      const folder = path.join(parent, copy === 1 ? stamp : `${stamp}-${copy}`)
      if (!makeNewFolder(folder)) continue
      accessSync(folder, constants.W_OK)
      return folder
    }
  })
}

/** False where it was there: two runs that start in one second get a folder each. */
function makeNewFolder(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Does something that the file system may refuse. @errors E_OUT_WRITE */
export function writing<T>(file: string, body: () => T): T {
  const rethrow = (cause: unknown): never => {
    if (cause instanceof TricklabError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause
    return fail('E_OUT_WRITE', {
      what: `${file} could not be written: ${(cause as Error).message}.`,
      expected: 'a folder with write access and free space.',
      fix: 'choose another folder with --out, mend its permissions or free some space.',
      cause,
    })
  }
  try {
    const result = body()
    return result instanceof Promise ? (result.catch(rethrow) as T) : result
  } catch (cause) {
    return rethrow(cause)
  }
}

const manifestFile = (folder: string) => path.join(folder, 'manifest.json')

/** What a manifest is, or why it cannot be read; `missing` where there is none. */
export function readManifest(folder: string): { manifest: Manifest } | { fault: string } | 'missing' {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(manifestFile(folder), 'utf8'))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'missing'
    return { fault: (error as Error).message }
  }
  const [fault] = manifestShape(value, '')
  return fault === undefined ? { manifest: value as Manifest } : { fault }
}

/**
 * Reads, changes and writes the manifest while nobody else does: processes that train seeds of one run share it.
 * @param change given undefined where there is no manifest that can be read; may return undefined to write nothing
 * @errors E_OUT_WRITE, E_RUN_LOCKED when another process keeps the manifest
 */
export function updateManifest<M extends Manifest | undefined>(
  folder: string,
  change: (before: Manifest | undefined) => M,
): Promise<M> {
  const file = manifestFile(folder)
  const update = async () => {
    const found = readManifest(folder)
    const manifest = change(typeof found === 'object' && 'manifest' in found ? found.manifest : undefined)
    await removeTemporaries(file)
    if (manifest !== undefined) await writeFileAtomic(file, [`${JSON.stringify(manifest, null, 2)}\n`])
    return manifest
  }
  return writing(file, () =>
    withLock(path.join(folder, 'manifest.lock'), update, (owner) =>
      fail('E_RUN_LOCKED', {
        what: `Another process has locked ${file}.`,
        expected: 'a manifest that is written within moments.',
        received: `${describeOwner(owner)}.`,
        fix: 'end that process if it hangs, and run again with --resume.',
      }),
    ),
  )
}

/** Notes how a seed stands. */
export async function setStatus(folder: string, seed: number, status: SeedStatus): Promise<void> {
  await updateManifest(folder, (before) => before && { ...before, status: { ...before.status, [seed]: status } })
}

/** The manifest of a run with the moment when the last of its seeds ended, or without where one has not. */
export function withEnd(folder: string, manifest: Manifest): Manifest {
  const complete = manifest.seeds.every((seed) => readEnd(folder, seed) !== undefined)
  return { ...manifest, ended: complete ? (manifest.ended ?? new Date().toISOString()) : null }
}

/** The closing line of a seed's log, when it ran to the end. @errors E_RUN_UNKNOWN when the log cannot be read */
export function readEnd(folder: string, seed: number): Extract<LogLine, { event: 'end' }> | undefined {
  const { log } = seedFiles(folder, seed)
  let text: string
  try {
    text = readFileSync(log, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    return failUnreadable(log, error)
  }
  try {
    const line = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as LogLine
    return line.event === 'end' ? line : undefined
  } catch {
    return undefined // killed in the middle of a line
  }
}
