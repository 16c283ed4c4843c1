import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fail } from '@tricklab/core'

/** What lies in a folder of the data. @errors E_DATASET_READ */
export async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    const { code = 'no code', message } = cause as NodeJS.ErrnoException
    return fail('E_DATASET_READ', {
      what: `The folder ${folder} cannot be read.`,
      expected: 'a folder that this user may list.',
      received: `${code} (${message}).`,
      fix: 'look at its permissions and its disk.',
      cause,
    })
  }
}
