import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'

/** The name of this machine, as file names may hold it. */
export const machineName = (): string => os.hostname().replaceAll(/[^A-Za-z0-9]/g, '-')

/** Whether a process of this machine still runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// No work in a scratch folder takes this long; what another machine left behind is known by its age alone.
const abandonedAfterMs = 24 * 3_600_000

/**
 * Makes a folder beside `target` for work that ends in one rename, and removes those that killed processes left there.
 * Who made a folder stands in its name. Ages are differences of times that the file system gave, so that clocks of
 * machines that share the folder may differ.
 * @returns the folder, which whoever asked removes
 */
export async function makeScratchFolder(target: string): Promise<string> {
  const prefix = `${path.basename(target)}.`
  const parent = path.dirname(target)
  const own = path.join(parent, `${prefix}${machineName()}-${process.pid}-${randomUUID().slice(0, 8)}.unfinished`)
  makeFolder(own)
  const { mtimeMs: now } = await stat(own)
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || !name.endsWith('.unfinished')) continue
    const folder = path.join(parent, name)
    const [, host, pid] = /^(.+)-(\d+)-[0-9a-f]{8}\.unfinished$/.exec(name.slice(prefix.length)) ?? []
    const made = (await stat(folder).catch(() => undefined))?.mtimeMs
    if (folder === own || pid === undefined || made === undefined) continue
    const left = host === machineName() ? !isAlive(Number(pid)) : now - made > abandonedAfterMs
    if (left) await rm(folder, { recursive: true, force: true })
  }
  return own
}
