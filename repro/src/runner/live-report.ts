import type { Callback } from '@tricklab/core/contracts'
import type { ProgressSink } from '@tricklab/train'

/** Writes the report of a run from its files: `writeRunReport`, which lies above the runner. */
export type ReportWriter = (folder: string) => Promise<void>

/** A page may take this share of the time of a training, for logs of many steps grow long. */
const mostOfTime = 0.01

/**
 * Keeps the report of a run up to date: written after the first epoch, and after every later one that lies far enough
 * behind the last writing. A page that cannot be written costs the run nothing but one notice.
 */
export function createLiveReport(
  write: () => Promise<void>,
  progress: ProgressSink,
  now: () => number = () => performance.now(),
): Required<Pick<Callback, 'afterEpoch'>> {
  let next = Number.NEGATIVE_INFINITY
  let told = false
  return {
    async afterEpoch() {
      const start = now()
      if (start < next) return
      try {
        await write()
      } catch (error) {
        if (!told) progress({ kind: 'notice', message: `The training goes on without its page. ${messageOf(error)}` })
        told = true
      }
      const end = now()
      next = end + (end - start) / mostOfTime
    },
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
