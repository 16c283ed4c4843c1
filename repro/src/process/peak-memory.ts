import { readFileSync } from 'node:fs'

/**
 * Most resident memory that this process has held.
 *
 * Linux counts in `getrusage` what the parent held when it started this process, which would charge a small side with
 * its parent's size; `VmHWM` begins anew with the program.
 * @unit bytes
 */
export function peakResidentBytes(): number {
  try {
    const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (line !== null) return Number(line[1]) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
