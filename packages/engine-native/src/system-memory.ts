/** What the system can still give: the free memory of the machine, or of the control groups that this process is in. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * Bytes that this process can still take before the system ends some process for want of memory. Swap counts, caches of
 * files count as free. Where the system says nothing of the kind (other than Linux): the size of the machine.
 * @param root where `proc` and `sys` are; another one in tests
 */
export function availableMemory(root = '/'): number {
  const machine = availableOfMachine(root)
  if (machine === undefined) return os.totalmem()
  return Math.max(0, Math.min(machine, ...roomsOfGroups(root)))
}

function availableOfMachine(root: string): number | undefined {
  const facts = /^(MemAvailable|SwapFree): *(\d+) kB$/gm
  const text = read(root, 'proc/meminfo')
  const found = new Map(
    [...(text ?? '').matchAll(facts)].map(([, name, kilobytes]) => [name, Number(kilobytes) * 1024]),
  )
  const available = found.get('MemAvailable')
  return available === undefined ? undefined : available + (found.get('SwapFree') ?? 0)
}

/** Where each version of control groups keeps its figures, and how it calls them. */
const versions = [
  {
    ours: /^0::(.*)$/m,
    mounts: ['sys/fs/cgroup', 'sys/fs/cgroup/unified'],
    limits: ['memory.max', 'memory.high'],
    used: 'memory.current',
    cache: /^(?:in)?active_file (\d+)$/gm,
  },
  {
    ours: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
    mounts: ['sys/fs/cgroup/memory'],
    limits: ['memory.limit_in_bytes'],
    used: 'memory.usage_in_bytes',
    cache: /^total_(?:in)?active_file (\d+)$/gm,
  },
]

/** What is left in every group from ours upward, since each may have a limit of its own. */
function roomsOfGroups(root: string): number[] {
  const groups = read(root, 'proc/self/cgroup') ?? ''
  return versions.flatMap(({ ours, mounts, limits, used, cache }) => {
    const group = ours.exec(groups)?.[1]
    if (group === undefined) return []
    return mounts.flatMap((mount) =>
      // Inside a container the path may be the host's, of which only the last levels, or none, are there.
      upward(group).flatMap((level) => {
        const place = (name: string) => read(root, path.join(mount, level, name))
        const limit = Math.min(...limits.map((name) => wholeNumber(place(name)) ?? Number.POSITIVE_INFINITY))
        const taken = wholeNumber(place(used))
        if (!Number.isFinite(limit) || taken === undefined) return []
        // Pages of files can go, as in the machine's own figure.
        const cached = [...(place('memory.stat') ?? '').matchAll(cache)].map(([, bytes]) => Number(bytes))
        return [cached.reduce((sum, bytes) => sum + bytes, limit - taken)]
      }),
    )
  })
}

/** `/a/b` → `/a/b`, `/a`, `/`. */
function upward(group: string): string[] {
  const levels = [path.posix.normalize(`/${group}`)]
  while (levels.at(-1) !== '/') levels.push(path.posix.dirname(levels.at(-1)!))
  return levels
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\n?$/.test(text) ? Number(text) : undefined
}

function read(root: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8')
  } catch {
    return undefined
  }
}
