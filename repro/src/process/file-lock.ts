import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  identifyProcess,
  isRunning,
  machineIdentity,
  type ProcessIdentity,
  timeOfFileSystem,
  writtenAt,
} from '@tricklab/core/files'

export const thisProcess: ProcessIdentity = identifyProcess(process.pid)

/** Who holds a lock, as its file says. */
export interface LockOwner extends ProcessIdentity {
  readonly id: string
  readonly host: string
  /** See `machineIdentity`. */
  readonly machine: string
  /** When the lock was taken, by the owner's clock. */
  readonly since: string
}

/** A lock that this process holds. */
export interface FileLock {
  /**
   * Why it is no longer held: the file is gone, or another process took it over; undefined while it is held. Asked of the
   * file each time, because a process that was halted for long does not know what happened meanwhile.
   */
  lost(): 'removed' | 'taken' | undefined
  release(): void
}

export interface LockTiming {
  /** The owner writes its file again so often. @unit ms */
  readonly beatMs: number
  /** An owner on another machine that has not written for so long is gone. @unit ms */
  readonly staleMs: number
}

/** A step of training may keep the event loop, and with it the beat, for tens of seconds. */
const defaultTiming: LockTiming = { beatMs: 15_000, staleMs: 180_000 }

/**
 * Takes a lock, or says who holds it. The lock is a file that is made exclusively, which NFS does as well; no `flock`.
 *
 * A lock whose owner is gone is taken over: on this machine the process no longer runs, on another one it has not
 * written for `staleMs`. Ages are differences between times that the file system gave, so no clock of a machine counts.
 */
export function tryLock(path: string, timing: LockTiming = defaultTiming): { lock: FileLock } | { owner: LockOwner } {
  for (;;) {
    const id = randomUUID()
    if (create(path, id)) return { lock: hold(path, id, timing) }
    const owner = readOwner(path)
    if (owner === undefined) continue // released meanwhile
    if (!isAbandoned(path, owner, timing)) return { owner }
    // Whoever has the lock of a lock may remove it, and only while it is still the same one: of several that find it
    // abandoned, none removes the lock that another has taken by then.
    const right = tryLock(`${path}.${owner.id}`, timing)
    if (!('lock' in right)) return { owner }
    try {
      if (readOwner(path)?.id === owner.id) remove(path)
    } finally {
      right.lock.release()
    }
  }
}

/** Who holds a lock; undefined where it is free or its owner is gone. */
export function lockOwner(path: string, timing: LockTiming = defaultTiming): LockOwner | undefined {
  const owner = readOwner(path)
  return owner === undefined || isAbandoned(path, owner, timing) ? undefined : owner
}

/**
 * Does something while holding a lock that others hold for moments.
 * @param refuse called when one owner has it longer than anybody should
 */
export async function withLock<T>(
  path: string,
  body: () => Promise<T>,
  refuse: (owner: LockOwner) => never,
): Promise<T> {
  // Long enough for a lock that was left behind on another machine to become stale.
  const patience = performance.now() + 1.5 * defaultTiming.staleMs
  for (;;) {
    const taken = tryLock(path)
    if ('lock' in taken) {
      try {
        return await body()
      } finally {
        taken.lock.release()
      }
    }
    if (performance.now() > patience) refuse(taken.owner)
    await sleep(20)
  }
}

/** `process 4711 on cobalt, since 2026-11-30T09:12:00.000Z`. */
export const describeOwner = ({ pid, host, since }: LockOwner): string => `process ${pid} on ${host}, since ${since}`

function create(path: string, id: string): boolean {
  const owner: LockOwner = {
    id,
    ...thisProcess,
    host: os.hostname(),
    machine: machineIdentity,
    since: new Date().toISOString(),
  }
  let file: number
  try {
    file = openSync(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(file, JSON.stringify(owner))
  } catch (error) {
    remove(path)
    throw error
  } finally {
    closeSync(file)
  }
  return true
}

function hold(path: string, id: string, { beatMs }: LockTiming): FileLock {
  const lost = () => {
    try {
      const owner = readOwner(path)
      if (owner === undefined) return 'removed'
      return owner.id === id ? undefined : 'taken'
    } catch {
      return undefined // the file system does not answer: whoever saves will find out
    }
  }
  const beat = setInterval(() => lost() === undefined && rewrite(path), beatMs)
  beat.unref()
  return {
    lost,
    release() {
      clearInterval(beat)
      if (lost() === undefined) remove(path)
    },
  }
}

/** Writes the same again, so that the file system, not this machine, says when. */
function rewrite(path: string): void {
  try {
    const content = readFileSync(path)
    const file = openSync(path, 'r+')
    writeSync(file, content, 0, content.length, 0)
    closeSync(file)
  } catch {
    // The next beat tries again.
  }
}

/** Undefined where there is no lock. One that was cut off while it was made has an owner that nobody knows. */
function readOwner(path: string): LockOwner | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { ino, mtimeMs } = fstatSync(file)
    const unknown = { id: `${ino}-${mtimeMs}`, host: 'an unknown machine', machine: '', pid: 0, started: null }
    try {
      const owner = JSON.parse(readFileSync(file, 'utf8')) as LockOwner
      return /^[0-9a-f-]{36}$/.test(owner.id) ? owner : { ...unknown, since: new Date(mtimeMs).toISOString() }
    } catch {
      return { ...unknown, since: new Date(mtimeMs).toISOString() }
    }
  } finally {
    closeSync(file)
  }
}

function isAbandoned(file: string, owner: LockOwner, { staleMs }: LockTiming): boolean {
  if (owner.machine === machineIdentity) return !isRunning(owner)
  const written = writtenAt(file)
  if (written === undefined) return false // released meanwhile
  return timeOfFileSystem(path.dirname(file)) - written > staleMs
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
