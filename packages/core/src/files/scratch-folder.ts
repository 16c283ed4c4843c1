import { rm } from 'node:fs/promises'
import { findLeftovers, temporaryName } from './leftovers.ts'
import { makeFolder } from './make-folder.ts'

// No work in a scratch folder takes this long.
const abandonedAfterMs = 24 * 3_600_000

/**
 * Makes a folder beside `target` for work that ends in one rename, and removes those that killed processes left there.
 * @returns the folder, which whoever asked removes
 */
export async function makeScratchFolder(target: string): Promise<string> {
  const own = temporaryName(target, 'unfinished')
  makeFolder(own)
  for (const left of await findLeftovers(target, 'unfinished', { abandonedAfterMs })) {
    await rm(left, { recursive: true, force: true })
  }
  return own
}
