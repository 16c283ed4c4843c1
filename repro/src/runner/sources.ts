import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, lstatSync, openSync, readlinkSync, readSync } from 'node:fs'
import path from 'node:path'
import type { Manifest } from '../record/types.ts'

/**
 * What the sources in a folder are: commit, and a hash of what differs from it, names and contents of untracked files
 * included. Where there is a checkout that git does not tell of, `dirty` is `unknown`, which is not the same as clean.
 */
export function describeSources(folder: string): Pick<Manifest['environment'], 'commit' | 'dirty'> {
  if (!isCheckout(folder)) return { commit: null, dirty: null }
  try {
    const root = git(folder, 'rev-parse', '--show-toplevel').trimEnd()
    const commit = git(root, 'rev-parse', 'HEAD').trim()
    const changes = git(root, 'diff', '--binary', '--no-ext-diff', '--no-textconv', 'HEAD')
    const untracked = git(root, 'ls-files', '--others', '--exclude-standard', '-z').split('\0').filter(Boolean).sort()
    if (changes === '' && untracked.length === 0) return { commit, dirty: null }
    const hash = createHash('sha256').update(changes)
    for (const name of untracked) hash.update(`\0${name}\0`).update(contentOf(path.join(root, name)))
    return { commit, dirty: hash.digest('hex') }
  } catch {
    return { commit: null, dirty: 'unknown' }
  }
}

function isCheckout(folder: string): boolean {
  const above = path.dirname(folder)
  return existsSync(path.join(folder, '.git')) || (above !== folder && isCheckout(above))
}

/** Of a file its bytes, of a link where it leads; a checkout within, a pipe or a socket has none. */
function contentOf(file: string): Uint8Array | string {
  const kind = lstatSync(file)
  if (kind.isSymbolicLink()) return readlinkSync(file)
  return kind.isFile() ? hashFile(file) : ''
}

/** Piece by piece: what lies about untracked may be an archive of gigabytes. */
function hashFile(file: string): Uint8Array {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(2 ** 20)
  const handle = openSync(file, 'r')
  try {
    for (let length = 1; length > 0; ) {
      length = readSync(handle, piece)
      hash.update(piece.subarray(0, length))
    }
  } finally {
    closeSync(handle)
  }
  return hash.digest()
}

function git(folder: string, ...args: string[]): string {
  // A checkout of another user's, as in a container, is refused by default, lest its configuration run commands. Its code
  // is what runs here already; what the questions below could run is turned off.
  const trust = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']
  return execFileSync('git', [...trust, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 30,
  })
}
