/** The engines that compute on this processor, for tests that want all of them. */
import type { EngineName } from './driver.ts'

/** `cpu` and `wasm`, which every machine has, and `native` where it is built. */
export const localEngines: readonly EngineName[] = [
  'cpu',
  'wasm',
  ...((await nativeIsBuilt()) ? (['native'] as const) : []),
]

async function nativeIsBuilt(): Promise<boolean> {
  const { nativeThreads } = await import('@tricklab/engine-native')
  try {
    nativeThreads()
    return true
  } catch (error) {
    // A machine without a compiler has no native engine; any other reason must fail the tests.
    if (!String((error as Error).message).includes('is not built')) throw error
    return false
  }
}
