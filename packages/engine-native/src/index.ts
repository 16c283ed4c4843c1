/** The engine `native`: a TF.js backend in C++. */
import { createRequire } from 'node:module'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { loadAddon } from './addon.ts'
import { NativeBackend } from './backend.ts'
import { registerBlurs } from './kernels/blur.ts'
import { registerConvolutions } from './kernels/conv.ts'
import { registerElementwise } from './kernels/elementwise.ts'
import { registerGroupedConvolutions } from './kernels/grouped-conv.ts'
import { registerLayout } from './kernels/layout.ts'
import { registerMatrixProducts } from './kernels/matmul.ts'
import { registerPools } from './kernels/pool.ts'
import { nativeProvider, nativeProviders, takeProviderOfEnvironment } from './kernels/precision.ts'
import { registerReductions } from './kernels/reduce.ts'
import { copyCpuKernels } from './kernels/register.ts'
import { registerResizes } from './kernels/resize.ts'
import { registerFused } from './kernels/training.ts'
import { registerTwists } from './kernels/twist.ts'

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

/** What the engine is, for reports. */
export interface NativeEngine {
  readonly version: string
  /** Providers of convolution, and the instructions that it was compiled for. */
  readonly details: string
}

/**
 * Loads the addon and registers the backend `native` with all its kernels, without making it the current one. Doing it
 * twice is harmless.
 *
 * @errors E_ENGINE_UNAVAILABLE when the addon is not there, or the provider that TRICKLAB_NATIVE_PROVIDER names
 */
export function registerNative(): NativeEngine {
  const { build } = loadAddon()
  if (!registered) {
    takeProviderOfEnvironment()
    tf.registerBackend('native', () => new NativeBackend(), 2)
    copyCpuKernels()
    registerConvolutions()
    registerGroupedConvolutions()
    registerMatrixProducts()
    registerElementwise()
    registerReductions()
    registerLayout()
    registerPools()
    registerBlurs()
    registerResizes()
    registerFused()
    registerTwists()
    registered = true
  }
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  return { version, details: [providersInWords(), instructionsInWords(build?.cpu.features ?? [])].join(', ') }
}

/** Threads that kernels compute on; sets them when `count` is given. */
export function nativeThreads(count?: number): number {
  return loadAddon().functions.threads(count)
}

function providersInWords(): string {
  const chosen = nativeProvider()
  return chosen === 'auto' ? `providers ${nativeProviders().join(' and ')}` : `provider ${chosen}`
}

/** The widest instructions among a processor's features, as their makers write them. */
function instructionsInWords(features: readonly string[]): string {
  const has = (name: string) => features.includes(name)
  if (has('avx512f')) return has('amx_bf16') ? 'AVX-512 with AMX' : 'AVX-512'
  if (has('avx2')) return 'AVX2'
  return process.arch === 'arm64' ? 'NEON' : 'vectors of the compiler'
}
