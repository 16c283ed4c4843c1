import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { findLeftovers, temporaryName } from './leftovers.ts'

/**
 * Writes a file so that a reader, or a kill at any moment, sees either the old content or the new, never a part:
 * temporary file beside it, fsync, rename, fsync of the folder. A failure leaves the old file as it was.
 *
 * A link keeps leading to its file. What is no file, such as /dev/full or a named pipe, is written to as it is: a rename
 * would put a file in its place and say nothing.
 *
 * What killed processes left of earlier writes is removed.
 */
export async function writeFileAtomic(path: string, chunks: readonly (Uint8Array | string)[]): Promise<void> {
  try {
    if (await isDevice(path)) await writeInPlace(path, chunks)
    else await replaceFile(await realpath(path).catch(() => path), chunks)
  } catch (error) {
    // Node does not say which file a write was for.
    if (error instanceof Error && !('path' in error)) Object.assign(error, { path })
    throw error
  }
}

async function isDevice(path: string): Promise<boolean> {
  const kind = await stat(path).catch(() => undefined)
  return kind !== undefined && !kind.isFile() && !kind.isDirectory()
}

async function writeInPlace(path: string, chunks: readonly (Uint8Array | string)[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const chunk of chunks) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}

// No write takes this long; what another machine left is known by its age alone.
const abandonedAfterMs = 24 * 3_600_000

async function replaceFile(path: string, chunks: readonly (Uint8Array | string)[]): Promise<void> {
  const temporary = temporaryName(path, 'tmp')
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
  // What is left is only untidy: a folder that cannot be listed is no reason to fail.
  await sweep(path).catch(() => {})
}

async function sweep(path: string): Promise<void> {
  for (const left of await findLeftovers(path, 'tmp', { abandonedAfterMs })) await rm(left, { force: true })
}

/**
 * Removes at once what any other process, also of another machine, left beside a file while it wrote it. For whoever has
 * the file to itself: the temporary file of a writer that is at work would be removed as well.
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
