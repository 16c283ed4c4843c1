/** The wasm engine: TF.js's WebAssembly backend with our own training kernels in its memory. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { overrideGradients } from '../gradients.ts'
import { registerArithmetic } from './arithmetic.ts'
import { registerBlurs } from './blur.ts'
import { registerMatMuls } from './conv/matmul.ts'
import { registerConvolutions } from './convolution.ts'
import { registerMissingGradients } from './depthwise.ts'
import { registerFused } from './fused.ts'
import type { SimdLevel } from './module.ts'
import { registerPools } from './pooling.ts'
import { moduleOf } from './register.ts'

export type { SimdLevel } from './module.ts'

/**
 * Makes `wasm` the current TF.js backend and puts our kernels over the stock ones that are missing, wrong or slow.
 * Results are bit-identical from run to run at one `simd` level.
 *
 * @errors E_ENGINE_UNAVAILABLE
 */
export async function prepareWasm(): Promise<{ version: string; simd: SimdLevel }> {
  const { version_wasm } = await import('@tensorflow/tfjs-backend-wasm')
  if (!(await tf.setBackend('wasm'))) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: 'The TF.js WebAssembly backend did not start.',
      fix: 'use another engine; `pnpm lab doctor` lists them.',
    })
  }
  await tf.ready()
  const { simd } = moduleOf(tf.backend() as BackendWasm)
  registerConvolutions()
  registerMatMuls()
  registerMissingGradients()
  registerPools()
  registerBlurs()
  registerArithmetic()
  registerFused()
  overrideGradients()
  return { version: version_wasm, simd }
}
