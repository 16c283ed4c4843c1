import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'
import { AttemptError, attemptDownload } from './attempt.ts'
import { inCache } from './cache-write.ts'
import { checkInterrupted } from './interrupted.ts'
import { PartFile } from './part-file.ts'

/** A file to fetch, with what identifies it. */
export interface RemoteFile {
  /** Its name on every mirror and in the folder. */
  readonly name: string
  readonly bytes: number
  /** Of the whole file, or of its first mebibyte where no more is published. */
  readonly checksum: { readonly algorithm: 'md5' | 'sha256' | 'md5 of the first MiB'; readonly hex: string }
}

export interface DownloadOptions {
  /** Addresses that end in `/`, asked in this order. */
  readonly mirrors: readonly string[]
  /** Bytes of all files together, what an earlier, broken download brought included. */
  readonly onProgress?: (done: number, total: number) => void
  readonly log?: (message: string) => void
  readonly signal?: AbortSignal | undefined
  /** Give a server up when no byte comes for so long. */
  readonly stallTimeoutMs?: number
  /** Attempts that bring nothing new before a mirror is given up. */
  readonly attempts?: number
  /** Wait before the second attempt; doubles each time. */
  readonly backoffMs?: number
}

/**
 * Fetches files into a folder, verified: under its final name a file is always whole and right. A broken download is
 * taken up where it ended, in this process or a later one, from the same mirror or another. Content with a wrong checksum
 * is deleted and reported, never used.
 *
 * Uses Node's `fetch`: proxies count as they do there (`NODE_USE_ENV_PROXY=1` from Node 24 on).
 * @errors E_DOWNLOAD with the reason of every mirror; E_CACHE_WRITE; E_INTERRUPTED
 */
export async function downloadFiles(
  files: readonly RemoteFile[],
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const faults = new Map<string, string>()
  let before = 0
  await inCache(folder, async () => makeFolder(folder))
  for (const file of files) {
    const start = before
    await downloadFile(file, folder, faults, {
      ...options,
      onBytes: (done) => options.onProgress?.(start + done, total),
    })
    before += file.bytes
  }
}

async function downloadFile(
  file: RemoteFile,
  folder: string,
  /** Mirrors given up and why; shared by all files, so that a dead mirror costs its timeout once. */
  faults: Map<string, string>,
  options: DownloadOptions & { readonly onBytes: (done: number) => void },
): Promise<void> {
  const { attempts = 4, backoffMs = 500, signal } = options
  const target = path.join(folder, file.name)
  const part = await inCache(folder, () => PartFile.claim(target))
  try {
    for (let attempt = 0; attempt < attempts && options.mirrors.some((mirror) => !faults.has(mirror)); attempt++) {
      if (attempt > 0) await sleep(backoffMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => {})
      for (const mirror of options.mirrors) {
        if (faults.has(mirror)) continue
        const fault = await tryMirror(mirror + file.name, file, part, options)
        if (fault === undefined) return await inCache(folder, () => part.place(target))
        if (!fault.transient || attempt === attempts - 1) faults.set(mirror, fault.message)
        options.log?.(`${mirror}${file.name}: ${fault.message}`)
      }
    }
  } finally {
    part.release()
  }
  fail('E_DOWNLOAD', {
    what: `${file.name} could not be downloaded.`,
    expected: `${file.bytes} bytes with ${file.checksum.algorithm} ${file.checksum.hex}.`,
    received: `${options.mirrors.map((mirror) => `${mirror} (${faults.get(mirror)})`).join(', ')}.`,
    fix: 'check the connection and run again: what was downloaded so far is kept.',
  })
}

/** Asks one mirror for as long as every request brings new bytes. Undefined when the part is whole and verified. */
async function tryMirror(
  url: string,
  file: RemoteFile,
  part: PartFile,
  options: DownloadOptions & { readonly onBytes: (done: number) => void },
): Promise<AttemptError | undefined> {
  const { stallTimeoutMs = 30_000, onBytes, signal } = options
  let best = await part.size()
  let resumed = best > 0
  for (;;) {
    checkInterrupted(signal)
    try {
      await attemptDownload(url, part, { bytes: file.bytes, stallTimeoutMs, onBytes, signal })
    } catch (error) {
      checkInterrupted(signal)
      if (!(error instanceof AttemptError)) throw error
      const size = await part.size()
      if (!error.transient || size <= best) return error
      best = size
      continue
    }
    const received = await hashFile(part.path, file.checksum.algorithm)
    if (received === file.checksum.hex) return undefined
    await inCache(part.folder, () => part.discard())
    const message = `sent content with ${file.checksum.algorithm} ${received}, which was deleted`
    // The fault may lie with what an earlier download left behind: that is worth one clean attempt.
    if (!resumed) return new AttemptError(message, false)
    options.log?.(`${url}: the resumed download has a wrong checksum; starting over`)
    resumed = false
    best = 0
  }
}

/** Checksum of a file, in hex. */
export async function hashFile(file: string, algorithm: RemoteFile['checksum']['algorithm']): Promise<string> {
  const head = algorithm === 'md5 of the first MiB'
  const hash = createHash(head ? 'md5' : algorithm)
  for await (const chunk of createReadStream(file, head ? { end: 2 ** 20 - 1 } : {})) hash.update(chunk)
  return hash.digest('hex')
}
