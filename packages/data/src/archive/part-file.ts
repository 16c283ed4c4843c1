import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findLeftovers, temporaryName } from '@tricklab/core/files'

/** Where the bytes of a part came from, so that a server can tell whether it still has the same file. */
export interface PartOrigin {
  readonly url: string
  /** A strong ETag, or the date of the last change. */
  readonly validator: string
}

// A download that is alive writes far more often than this, or waits for less long between attempts.
const abandonedAfterMs = 5 * 60_000
const active = new Set<string>()

/**
 * The unfinished file of one download. Its name is of its own, so that any number of processes
 * may fetch one file at a time, each into a part of its own; the part of a process that is gone is taken over by
 * renaming it, which only one can win.
 */
export class PartFile {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Takes over the longest abandoned part of `target`, or names a new one. */
  static async claim(target: string): Promise<PartFile> {
    const own = temporaryName(target, 'part')
    active.add(own)
    for (const candidate of await abandonedParts(target)) {
      try {
        await rename(candidate, own)
        await rename(originPath(candidate), originPath(own)).catch(() => {})
        break
      } catch {
        // Another process was faster: try the next one.
      }
    }
    return new PartFile(own)
  }

  get folder(): string {
    return path.dirname(this.path)
  }

  /** Bytes so far. */
  async size(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0
  }

  async origin(): Promise<PartOrigin | undefined> {
    try {
      return JSON.parse(await readFile(originPath(this.path), 'utf8')) as PartOrigin
    } catch {
      return undefined
    }
  }

  async setOrigin(origin: PartOrigin | undefined): Promise<void> {
    if (origin === undefined) await rm(originPath(this.path), { force: true })
    else await writeFile(originPath(this.path), JSON.stringify(origin))
  }

  /** Throws the bytes away; the download may start anew. */
  async discard(): Promise<void> {
    await rm(this.path, { force: true })
    await rm(originPath(this.path), { force: true })
  }

  /** Puts the finished file in its place, in one step. */
  async place(target: string): Promise<void> {
    await rename(this.path, target)
    await rm(originPath(this.path), { force: true })
    for (const left of await abandonedParts(target)) {
      await rm(left, { force: true })
      await rm(originPath(left), { force: true })
    }
  }

  /** Leaves the part to whoever comes next. */
  release(): void {
    active.delete(this.path)
  }
}

/** Longest first. */
async function abandonedParts(target: string): Promise<string[]> {
  const options = { abandonedAfterMs, inUse: (file: string) => active.has(file) }
  const sized: { path: string; size: number }[] = []
  for (const file of await findLeftovers(target, 'part', options)) {
    const found = await stat(file).catch(() => undefined)
    if (found !== undefined) sized.push({ path: file, size: found.size })
  }
  return sized.sort((a, b) => b.size - a.size).map((part) => part.path)
}

function originPath(part: string): string {
  return `${part}.json`
}
