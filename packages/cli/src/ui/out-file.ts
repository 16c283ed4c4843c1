import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { temporaryName } from '@tricklab/core/files'

/** Reads `--out FILE`. Work of minutes is not begun for a page that could not be written at its end. @errors E_OUT_WRITE */
export function outFile(file: string): string {
  const absolute = path.resolve(file)
  if (existsSync(absolute) && statSync(absolute).isDirectory()) {
    refuse(file, 'is a folder', 'a file.', 'name a file in it.')
  }
  return outPath(file)
}

/** Reads `--out PATH` of what may become a file or a folder. @errors E_OUT_WRITE */
export function outPath(file: string): string {
  const folder = path.dirname(path.resolve(file))
  if (!existsSync(folder)) {
    refuse(
      file,
      `cannot be written: there is no folder ${folder}`,
      'a folder that exists.',
      'make the folder first, or check the path.',
    )
  }
  // Permissions do not tell: root may write everywhere, and still no file can be made in /proc.
  const probe = temporaryName(path.resolve(file), 'tmp')
  try {
    closeSync(openSync(probe, 'wx'))
    rmSync(probe)
  } catch (cause) {
    refuse(
      file,
      `cannot be written: ${(cause as Error).message}`,
      'a folder with write access.',
      'choose another folder, or mend its permissions.',
    )
  }
  return file
}

function refuse(file: string, what: string, expected: string, fix: string): never {
  fail('E_OUT_WRITE', { what: `${file} ${what}.`, expected, received: `--out ${file}.`, fix })
}
