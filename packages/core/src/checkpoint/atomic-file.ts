import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file so that a reader, or a kill at any moment, sees either the old content or the new, never a part:
 * temporary file beside it, fsync, rename, fsync of the folder. A failure leaves the old file as it was.
 */
export async function writeFileAtomic(path: string, chunks: readonly (Uint8Array | string)[]): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      for (const chunk of chunks) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * Removes what killed processes left beside a file while they wrote it. For whoever has the file to itself: the temporary
 * file of a writer that is at work would be removed as well.
 */
export async function removeTemporaries(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)]
  for (const entry of await readdir(folder)) {
    if (entry.startsWith(`${name}.`) && entry.endsWith('.tmp')) await rm(join(folder, entry), { force: true })
  }
}

/** Makes a rename durable; not every platform can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // Windows refuses to open folders; its rename is journaled.
  }
}
