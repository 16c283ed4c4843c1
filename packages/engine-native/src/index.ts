/** The engine `native`: a TF.js backend in C++. */
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { type Build, loadAddon } from './addon.ts'
import { NativeBackend } from './backend.ts'

export { NativeBackend } from './backend.ts'

let registered = false

/**
 * Loads the addon and registers the backend `native` with all its kernels, without making it the current one. Doing it
 * twice is harmless.
 *
 * @errors E_ENGINE_UNAVAILABLE
 */
export function registerNative(): { build: Build | undefined } {
  const { build } = loadAddon()
  if (!registered) {
    tf.registerBackend('native', () => new NativeBackend(), 2)
    tf.copyRegisteredKernels('cpu', 'native')
    registered = true
  }
  return { build }
}

/** Threads that kernels compute on; sets them when `count` is given. */
export function nativeThreads(count?: number): number {
  return loadAddon().functions.threads(count)
}
