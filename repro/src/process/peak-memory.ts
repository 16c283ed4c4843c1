import { readFileSync } from 'node:fs'

/**
 * Most resident memory that this process has held.
 *
 * Linux counts in `getrusage` what the parent held when it started this process, which would charge a small side with
 * its parent's size; `VmHWM` begins anew with the program.
 * @unit bytes
 */
export function peakResidentBytes(): number {
  return statusBytes('self', 'VmHWM') ?? process.resourceUsage().maxRSS * 1024
}

/** Resident memory of another process of this machine; undefined where it is gone, or the system is not Linux. @unit bytes */
export const residentBytes = (pid: number): number | undefined => statusBytes(pid, 'VmRSS')

function statusBytes(process: number | 'self', field: 'VmHWM' | 'VmRSS'): number | undefined {
  try {
    const line = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${process}/status`, 'utf8'))
    return line === null ? undefined : Number(line[1]) * 1024
  } catch {
    return undefined
  }
}
