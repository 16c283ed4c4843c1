import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { createGunzip } from 'node:zlib'
import { fail, TricklabError } from '@tricklab/core'
import { makeFolder, makeScratchFolder } from '@tricklab/core/files'
import { Parser, type ReadEntry } from 'tar'
import { inCache } from './cache-write.ts'
import { checkInterrupted } from './interrupted.ts'

export interface ExtractOptions {
  /** Bytes that the unpacked files may have together: an archive of zeros packs a thousand to one. */
  readonly limitBytes: number
  /** Files that the archive may hold. */
  readonly limitFiles?: number
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Unpacks a `.tgz` into a folder that appears only when everything is in it: unpacked beside it, then renamed.
 *
 * Every entry is checked before anything of it is written: its path must stay below the folder; links, devices and
 * anything else that is no file and no folder are refused. Files are made anew and with the user's ordinary rights.
 * @errors E_DATASET_CORRUPT naming the entry; E_CACHE_WRITE, a full disk among its reasons; E_INTERRUPTED
 */
export async function extractArchive(archive: string, target: string, options: ExtractOptions): Promise<void> {
  const parent = path.dirname(target)
  const unfinished = await inCache(parent, () => makeScratchFolder(target))
  try {
    await unpack(archive, unfinished, options)
    await inCache(parent, () => place(unfinished, target))
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/** Another process may have unpacked the same archive meanwhile; its folder is as good. */
async function place(unfinished: string, target: string): Promise<void> {
  try {
    await rename(unfinished, target)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function unpack(archive: string, folder: string, options: ExtractOptions): Promise<void> {
  const { limitBytes, limitFiles = 100_000, signal } = options
  const stop = new AbortController()
  let bytes = 0
  let files = 0
  let fault: unknown
  const giveUp = (error: unknown) => {
    fault ??= error
    stop.abort()
  }
  const write = async (entry: ReadEntry): Promise<void> => {
    const file = checkEntry(archive, folder, entry)
    bytes += entry.size
    files += 1
    if (bytes > limitBytes || files > limitFiles) {
      refuse(
        archive,
        `holds more than it may (at ${entry.path})`,
        `${limitFiles} files of ${limitBytes} bytes at most.`,
      )
    }
    if (entry.type === 'Directory') {
      await inCache(folder, async () => makeFolder(file))
      entry.resume()
      return
    }
    await inCache(folder, async () => {
      makeFolder(path.dirname(file))
      // `wx`: an entry that comes twice must not overwrite, nor write through anything.
      const handle = await open(file, 'wx').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
        return refuse(archive, `holds ${entry.path} twice`, 'every file once.')
      })
      try {
        for await (const chunk of entry as AsyncIterable<Uint8Array>) await handle.writeFile(chunk)
      } finally {
        await handle.close()
      }
    })
  }
  // The parser hands out one entry at a time and waits until it is read.
  let writing = Promise.resolve()
  let current: ReadEntry | undefined
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      writing = writing
        .then(() => {
          current = entry
          return fault === undefined ? write(entry) : undefined
        })
        .catch(giveUp)
    },
  })
  parser.on('error', giveUp)
  // A block of zeros ends an archive: without it the archive may have been cut off between two files.
  let endMarked = false
  parser.on('nullBlock', () => {
    endMarked = true
  })
  const ended = once(parser, 'end', { signal: stop.signal })
  ended.catch(() => {})
  const total = (await stat(archive)).size
  const source = createReadStream(archive)
  const unzipped = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  source.on('data', () => options.onProgress?.(source.bytesRead, total))
  try {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      checkInterrupted(signal)
      if (fault !== undefined) break
      if (!parser.write(chunk)) await once(parser, 'drain', { signal: stop.signal })
    }
    if (fault === undefined) {
      parser.end()
      await ended
      if (!endMarked) giveUp(new Error('its end is missing'))
    }
  } catch (error) {
    giveUp(error)
  } finally {
    source.destroy()
  }
  // An entry whose rest never comes would be waited for without end.
  if (fault !== undefined) {
    current?.on('error', () => {})
    current?.destroy(fault)
  }
  await writing
  if (fault === undefined) return
  if (fault instanceof TricklabError) throw fault
  refuse(
    archive,
    `cannot be unpacked (${fault instanceof Error ? fault.message : String(fault)})`,
    'a whole .tgz.',
    fault,
  )
}

/** Where an entry goes. @errors E_DATASET_CORRUPT when it must not be written */
function checkEntry(archive: string, folder: string, { path: name, type }: ReadEntry): string {
  if (!['File', 'OldFile', 'ContiguousFile', 'Directory'].includes(type)) {
    refuse(archive, `holds ${name}, a ${type}`, 'files and folders alone.')
  }
  const parts = name.split(/[/\\]/)
  const inside = !path.posix.isAbsolute(name) && !path.win32.isAbsolute(name) && !/^[a-z]:/i.test(name)
  if (!inside || parts.includes('..') || name.includes('\0')) {
    refuse(archive, `holds ${JSON.stringify(name)}, a path that leaves its folder`, 'paths below the folder.')
  }
  return path.join(folder, ...parts.filter((part) => part !== '' && part !== '.'))
}

function refuse(archive: string, what: string, expected: string, cause?: unknown): never {
  return fail('E_DATASET_CORRUPT', {
    what: `${archive} ${what}.`,
    expected,
    fix: 'delete the file, so that it is downloaded again, or remove it from --data; nothing of it was kept.',
    cause,
  })
}
