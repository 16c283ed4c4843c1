/** The engine `native`: a TF.js backend in C++. */
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { type Build, loadAddon } from './addon.ts'
import { NativeBackend } from './backend.ts'
import { registerConvolutions } from './kernels/conv.ts'
import { registerElementwise } from './kernels/elementwise.ts'
import { registerLayout } from './kernels/layout.ts'
import { registerMatrixProducts } from './kernels/matmul.ts'
import { registerPools } from './kernels/pool.ts'
import { registerReductions } from './kernels/reduce.ts'
import { registerResizes } from './kernels/resize.ts'
import { registerFused } from './kernels/training.ts'

export { NativeBackend } from './backend.ts'
export {
  hasNativePrecision,
  type NativePrecision,
  type NativeProvider,
  nativePrecision,
  nativeProvider,
  nativeProviders,
} from './kernels/precision.ts'

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
    registerConvolutions()
    registerMatrixProducts()
    registerElementwise()
    registerReductions()
    registerLayout()
    registerPools()
    registerResizes()
    registerFused()
    registered = true
  }
  return { build }
}

/** Threads that kernels compute on; sets them when `count` is given. */
export function nativeThreads(count?: number): number {
  return loadAddon().functions.threads(count)
}
