import { createHash, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { timeOfFileSystem, writtenAt } from './file-clock.ts'
import { isRunning, machineIdentity } from './process-identity.ts'

/** Short enough for a file name. */
const machine = createHash('sha256').update(machineIdentity).digest('hex').slice(0, 12)

/** A name for what is made beside `target` and then renamed. It tells who makes it: `target.MACHINE-PROCESS-ID.kind`. */
export const temporaryName = (target: string, kind: string): string =>
  `${target}.${machine}-${process.pid}-${randomUUID().slice(0, 8)}.${kind}`

export interface LeftoverOptions {
  /** What another machine has not written for so long is left over, by the clock of the file system. @unit ms */
  readonly abandonedAfterMs: number
  /** Whether this process still needs one of its own; default: all of them. */
  readonly inUse?: (file: string) => boolean
}

/**
 * Files or folders with temporary names of `target` whose makers are gone: on this machine the process no longer runs; of
 * another machine nobody knows, so their age tells.
 */
export async function findLeftovers(
  target: string,
  kind: string,
  { abandonedAfterMs, inUse = () => true }: LeftoverOptions,
): Promise<string[]> {
  const folder = path.dirname(target)
  const [prefix, ending] = [`${path.basename(target)}.`, `.${kind}`]
  const left: string[] = []
  let now: number | undefined
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith(ending)) continue
    const [, maker, digits] = /^(.+)-(\d+)-[0-9a-f]+$/.exec(name.slice(prefix.length, -ending.length)) ?? []
    if (maker === undefined) continue
    const file = path.join(folder, name)
    const pid = Number(digits)
    if (maker === machine) {
      const needed = pid === process.pid ? inUse(file) : isRunning({ pid, started: null })
      if (!needed) left.push(file)
      continue
    }
    const written = writtenAt(file)
    now ??= timeOfFileSystem(folder)
    if (written !== undefined && now - written > abandonedAfterMs) left.push(file)
  }
  return left
}
