import { fail } from '@tricklab/core'
import type { EngineName } from './driver.ts'

/**
 * Accepts only one thread, asked for or left open.
 * @errors E_OPTION_RANGE
 */
export function allowOneThread(engine: EngineName, threads: number | undefined): void {
  if (threads === undefined || threads === 1) return
  fail('E_OPTION_RANGE', {
    what: `The engine ${engine} computes on one thread.`,
    expected: 'threads 1, or none given.',
    received: `${threads}.`,
    fix: 'leave threads out, or run several seeds side by side.',
  })
}

/**
 * Checks that a number of threads can be one at all.
 * @errors E_OPTION_RANGE
 */
export function checkThreads(threads: number | undefined): void {
  if (threads === undefined || (Number.isInteger(threads) && threads >= 1)) return
  fail('E_OPTION_RANGE', {
    what: 'The number of threads is not usable.',
    expected: 'a whole number from 1 up.',
    received: `${threads}.`,
    fix: 'leave threads out to let the engine choose.',
  })
}
