import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, statSync, unlinkSync } from 'node:fs'
import path from 'node:path'

/**
 * What time it is for the file system of a folder. Machines that share a folder may have clocks hours apart: only
 * differences of times that the file system gave are ages.
 * @unit ms
 */
export function timeOfFileSystem(folder: string): number {
  const probe = path.join(folder, `.${randomUUID()}.clock`)
  const time = timeOf(probe, 'wx')
  unlinkSync(probe)
  return time
}

/**
 * When a file or folder was written, by the clock of its file system; undefined where there is none.
 * @unit ms
 */
export function writtenAt(file: string): number | undefined {
  try {
    const found = statSync(file)
    // Windows opens no folders.
    return found.isDirectory() ? found.mtimeMs : timeOf(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Opening a file, instead of asking about it by name, makes NFS ask its server. */
function timeOf(file: string, flags: 'r' | 'wx'): number {
  const opened = openSync(file, flags)
  try {
    return fstatSync(opened).mtimeMs
  } finally {
    closeSync(opened)
  }
}
