import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'
import { extractZip } from './zip.ts'

/** What an archive is, by its name; undefined for a name that says nothing usable. */
export function archiveKind(name: string): 'wheel' | 'tar' | 'zip' | undefined {
  const bare = name.split(/[?#]/)[0] ?? name
  if (bare.endsWith('.whl')) return 'wheel'
  if (bare.endsWith('.tar.gz') || bare.endsWith('.tgz')) return 'tar'
  if (bare.endsWith('.zip')) return 'zip'
  return undefined
}

/**
 * Unpacks libtensorflow from a plain C archive or a Python wheel, so that `folder` holds `lib` and `include`.
 * @errors E_ENGINE_INSTALL
 */
export async function unpackLibrary(archive: string, folder: string): Promise<void> {
  makeFolder(folder)
  const kind = archiveKind(archive)
  if (kind === 'tar') return untar(archive, folder)
  const count = await extractZip(archive, folder, kind === 'wheel' ? placeOfWheelEntry : (name) => name)
  if (count === 0) {
    fail('E_ENGINE_INSTALL', {
      what: `${path.basename(archive)} holds no TensorFlow.`,
      expected: 'a wheel of tensorflow or tensorflow-cpu, or an archive of libtensorflow.',
      fix: 'give another file with --from.',
    })
  }
}

/** Unpacks a `.tar.gz`. Every supported system has a tar. */
export async function untar(archive: string, folder: string): Promise<void> {
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder]).catch((error: Error) => {
    fail('E_ENGINE_INSTALL', {
      what: `${path.basename(archive)} cannot be unpacked: ${error.message.trim().split('\n').at(-1)}.`,
      fix: 'fetch the file again.',
      cause: error,
    })
  })
}

// Of a wheel's thousands of files, the libraries and the headers that the C interface includes.
const libraryEntry = /^tensorflow\/(libtensorflow(_cc|_framework)?[.\w]*)$/
const headerEntry = /^tensorflow\/(include\/(?:tensorflow\/c|tensorflow\/core\/platform|tsl|xla\/tsl)\/.+\.h)$/

function placeOfWheelEntry(name: string): string | undefined {
  const library = libraryEntry.exec(name)?.[1]
  return library === undefined ? headerEntry.exec(name)?.[1] : path.join('lib', library)
}
