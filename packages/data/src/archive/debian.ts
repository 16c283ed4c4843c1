import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { makeScratchFolder } from '@tricklab/core/files'
import { inCache } from './cache-write.ts'
import { checkInterrupted } from './interrupted.ts'
import { type CommandOptions, runCommand } from './run-command.ts'

export interface DebianOptions {
  /** Bytes of the package so far; the total where apt knows it. */
  readonly onProgress?: (done: number, total: number | undefined) => void
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

/**
 * Downloads a Debian package by `apt-get download`, which needs no root, and unpacks it in a temporary folder below
 * `folder`. apt verifies what it fetches by the distribution's signatures.
 * @param take moves what is wanted out of the unpacked tree, which is deleted afterwards
 * @errors E_CACHE_WRITE, E_INTERRUPTED; everything else is answered as `missing`
 */
export async function takeFromDebianPackage(
  name: string,
  folder: string,
  take: (root: string) => Promise<void>,
  options: DebianOptions = {},
): Promise<{ readonly missing: string } | undefined> {
  const { onProgress, signal, timeoutMs = 15 * 60_000 } = options
  const work = await inCache(folder, () => makeScratchFolder(path.join(folder, '.debian')))
  const command: CommandOptions = { folder: work, timeoutMs, signal }
  let timer: NodeJS.Timeout | undefined
  try {
    // Asks for the address only: tells at once, without network, whether apt is here and knows the package.
    const known = await runCommand('apt-get', ['download', '--print-uris', name], command)
    checkInterrupted(signal)
    if (known.fault !== undefined) return { missing: known.fault }
    const total = findSize(known.output)

    const report = async () => onProgress?.(await sizeOfFiles(work), total)
    timer = setInterval(report, 500)
    const patience = ['-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=30', '-o', 'Acquire::https::Timeout=30']
    const download = await runCommand('apt-get', [...patience, 'download', name], command)
    clearInterval(timer)
    checkInterrupted(signal)
    if (download.fault !== undefined) return { missing: `apt-get download: ${download.fault}` }
    await report()

    const archive = (await readdir(work)).find((entry) => entry.endsWith('.deb'))
    if (archive === undefined) return { missing: 'apt-get download brought no package' }
    const root = path.join(work, 'root')
    const unpack = await runCommand('dpkg-deb', ['-x', archive, root], command)
    checkInterrupted(signal)
    if (unpack.fault !== undefined) return { missing: `dpkg-deb: ${unpack.fault}` }
    await inCache(folder, () => take(root))
    return undefined
  } finally {
    clearInterval(timer)
    await rm(work, { recursive: true, force: true })
  }
}

/** The third field of `'address' file size hash`. */
function findSize(printed: string): number | undefined {
  const size = /^'[^']*' \S+ (\d+)/m.exec(printed)?.[1]
  return size === undefined ? undefined : Number(size)
}

async function sizeOfFiles(folder: string): Promise<number> {
  let size = 0
  for (const name of await readdir(folder).catch(() => [])) {
    const kind = await stat(path.join(folder, name)).catch(() => undefined)
    if (kind?.isFile()) size += kind.size
  }
  return size
}
