import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fail, type Row } from '@tricklab/core'
import { hashJson, makeFolder, writeFileAtomic } from '@tricklab/core/checkpoint'
import type { LogLine, Manifest } from '../record/types.ts'
import { seedFiles } from './job.ts'

/** Runs live in `OUT/TABLE/ROW/TIME`. */
const rowFolder = (out: string, row: Row) => path.join(out, row.table.id, row.name)

/** Creates the folder of a new run, named after the moment. @errors E_OUT_WRITE */
export function createRunFolder(out: string, row: Row): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  let folder = path.join(rowFolder(out, row), stamp)
  for (let copy = 2; existsSync(folder); copy++) folder = path.join(rowFolder(out, row), `${stamp}-${copy}`)
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    fail('E_OUT_WRITE', {
      what: `The run folder ${folder} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      expected: 'a folder with write access.',
      received: `--out ${out}.`,
      fix: 'choose another folder with --out, or mend its permissions.',
      cause,
    })
  }
  return folder
}

/**
 * The newest run of the row that `--resume` may go on with: same recipe, engine, precision and limits.
 * @returns undefined when there is none
 */
export function findResumable(out: string, row: Row, wanted: Pick<Manifest, 'engine' | 'partial'>): string | undefined {
  const parent = rowFolder(out, row)
  if (!existsSync(parent)) return undefined
  return readdirSync(parent)
    .sort()
    .reverse()
    .map((name) => path.join(parent, name))
    .find((folder) => {
      const manifest = readManifest(folder)
      return (
        manifest !== undefined &&
        manifest.recipeHash === row.hash &&
        manifest.engine.name === wanted.engine.name &&
        manifest.engine.precision === wanted.engine.precision &&
        hashJson({ ...manifest.partial }) === hashJson({ ...wanted.partial })
      )
    })
}

/** The manifest of a folder; undefined where there is none or it is not JSON. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Manifest
  } catch {
    return undefined
  }
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomic(path.join(folder, 'manifest.json'), [`${JSON.stringify(manifest, null, 2)}\n`])
}

/** The closing line of a seed's log, when it ran to the end. */
export function readEnd(folder: string, seed: number): Extract<LogLine, { event: 'end' }> | undefined {
  const { log } = seedFiles(folder, seed)
  if (!existsSync(log)) return undefined
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? ''
  try {
    const line = JSON.parse(last) as LogLine
    return line.event === 'end' ? line : undefined
  } catch {
    return undefined // killed in the middle of a line
  }
}
