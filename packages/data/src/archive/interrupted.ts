import { fail } from '@tricklab/core'

/** @errors E_INTERRUPTED once the signal is given */
export function checkInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  fail('E_INTERRUPTED', {
    what: 'Fetching a dataset was stopped.',
    fix: 'run again: what was downloaded so far is kept and the rest is fetched.',
    cause: signal.reason,
  })
}
