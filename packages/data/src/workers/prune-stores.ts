import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'

// A file is marked as used when it is opened and after every pass over a split: another run may be at work with it.
const inUseMs = 3_600_000

/**
 * Removes files of decoded images, the one used longest ago first, until the others take no more than `room` bytes.
 * Those of the last hour stay.
 * @param own the file that is not counted
 */
export async function pruneStores(folder: string, own: string, room: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.images'))
  const files = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name)
      // Another process may have removed it meanwhile.
      const found = await stat(file).catch(() => undefined)
      // Blocks: a file takes room only as it is filled.
      return { file, bytes: (found?.blocks ?? 0) * 512, used: found?.mtimeMs ?? 0 }
    }),
  )
  let left = room
  for (const { file, bytes, used } of files.sort((a, b) => b.used - a.used)) {
    if (file === own) continue
    left -= bytes
    if (left >= 0 || Date.now() - used < inUseMs) continue
    await rm(file, { force: true })
    await rm(file.replace(/images$/, 'table'), { force: true })
  }
}
