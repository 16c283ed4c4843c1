import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { createFolder } from './folder.ts'

/**
 * Puts an `apt-get` of our own, a shell script, first on the search path for one test; `only` leaves nothing else there.
 * The script's last argument is the package; `--print-uris` is among the arguments when only the address is asked for.
 */
export async function installFakeApt(script: string | undefined, only = false): Promise<void> {
  const folder = path.join(await createFolder(), 'bin')
  await mkdir(folder)
  if (script !== undefined) {
    await writeFile(path.join(folder, 'apt-get'), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, 'apt-get'), 0o755)
  }
  const before = process.env.PATH
  onTestFinished(() => {
    process.env.PATH = before
  })
  process.env.PATH = only ? folder : `${folder}${path.delimiter}${before}`
}
