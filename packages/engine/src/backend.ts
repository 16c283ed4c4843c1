import { fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import type { EngineName } from './driver.ts'

/**
 * Makes a registered TF.js backend the current one.
 * @errors E_ENGINE_UNAVAILABLE when the backend refuses to start
 */
export async function useBackend(engine: EngineName, backend: string): Promise<void> {
  if (await tf.setBackend(backend)) return
  fail('E_ENGINE_UNAVAILABLE', {
    what: `The engine ${engine} did not start: TF.js could not initialise its backend "${backend}".`,
    fix: 'see the warning above; `pnpm lab doctor` shows which engines work here.',
  })
}
