import os from 'node:os'
import { fail } from '@tricklab/core'
import { useBackend } from './backend.ts'
import { cpuModel, defineEngine } from './driver.ts'

/** Beyond this a number of threads is a slip of the finger. */
const mostThreads = 256

/** Our C++ backend: every core, and the numbers of a given thread count are the same on every run. */
export const engine = defineEngine({
  name: 'native',
  precisions: ['f32', 'bf16'],
  async prepare({ precision = 'f32', threads, onNotice }) {
    const native = await import('@tricklab/engine-native')
    const { version, details } = native.registerNative()
    if (precision === 'bf16' && !native.hasNativePrecision('bf16')) {
      fail('E_PRECISION', {
        what: 'The engine native does not compute in bf16 on this processor, which has no instructions for it.',
        expected: 'f32, or a processor with AMX or AVX512-BF16.',
        received: '"bf16".',
        fix: 'use --precision f32, or leave it out.',
      })
    }
    await useBackend('native', 'native')
    native.nativePrecision(precision === 'bf16' ? 'bf16' : 'float32')
    const used = native.nativeThreads(countThreads(threads, onNotice))
    return { backend: 'native', version, device: cpuModel(), threads: used, details }
  },
})

function countThreads(asked: number | undefined, onNotice: ((message: string) => void) | undefined): number {
  const cores = os.availableParallelism()
  if (asked === undefined) return cores
  if (asked > mostThreads) {
    fail('E_OPTION_RANGE', {
      what: 'The engine native does not start so many threads.',
      expected: `at most ${mostThreads}; this machine has ${cores} cores.`,
      received: `${asked}.`,
      fix: 'leave threads out to use every core.',
    })
  }
  // Allowed, since it is how a run of a larger machine is repeated bit by bit on a smaller one.
  if (asked > cores) onNotice?.(`${asked} threads on ${cores} cores are slower than ${cores} threads.`)
  return asked
}
