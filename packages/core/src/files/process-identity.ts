import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import os from 'node:os'

/** A process of one machine, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it began, in whatever form the system says it; null where it does not. */
  readonly started: string | null
}

/**
 * Where process numbers mean the same: this boot of this host, and on Linux this namespace, for containers of one host
 * count their processes apart.
 */
export const machineIdentity: string = [
  os.hostname(),
  attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  attempt(() => readlinkSync('/proc/self/ns/pid')),
]
  .filter((part) => part !== undefined)
  .join(' ')

export const identifyProcess = (pid: number): ProcessIdentity => ({ pid, started: startOf(pid) ?? null })

/** Whether a process of this machine still runs. One that ended and waits for its parent to notice does not. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  const found = startOf(pid)
  if (found === null) return false
  if (found !== undefined) return started === null || found === started
  // Where the system tells no start, or tells it of no such process: does anybody answer to the number?
  return started === null && answers(pid)
}

/** The parent of a process and the words of its command; undefined where there is no such process or none can be told. */
export function describeProcess(
  pid: number,
): { readonly parent: number; readonly words: readonly string[] } | undefined {
  if (process.platform === 'linux') {
    const stat = readStat(pid)
    const line = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    return stat && line !== undefined ? { parent: Number(stat[1]), words: line.split('\0').filter(Boolean) } : undefined
  }
  const [, parent, line] = /^\s*(\d+)\s+(.*)/.exec(ps(pid, 'ppid=,command=') ?? '') ?? []
  return line === undefined ? undefined : { parent: Number(parent), words: line.split(' ') }
}

/** When a process began; null for one that has ended and that its parent has not noticed; undefined where nobody tells. */
function startOf(pid: number): string | null | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart=')
  const stat = readStat(pid)
  return stat?.[0] === 'Z' ? null : stat?.[19]
}

/** The fields of `/proc/PID/stat` from the third on: state, parent, … and in place 19 the start, in ticks since boot. */
function readStat(pid: number): string[] | undefined {
  const line = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The second field is the name of the program, in parentheses, which may hold blanks and parentheses itself.
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')
}

function ps(pid: number, columns: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const line = attempt(() =>
    execFileSync('ps', ['-o', columns, '-p', `${pid}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim(),
  )
  return line === '' ? undefined : line
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function attempt<T>(body: () => T): T | undefined {
  try {
    return body()
  } catch {
    return undefined
  }
}
