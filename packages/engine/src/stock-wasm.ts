/**
 * TF.js's WebAssembly backend as npm has it, without any kernel or gradient of ours: what `pnpm bench` measures against.
 * Not for training runs, which lack kernels on it.
 */
import { version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tricklab/core/tf'
import { useBackend } from './backend.ts'

/**
 * Makes the stock backend the current one of this process. `prepareEngine` must not run in the same process.
 * @errors E_ENGINE_UNAVAILABLE
 */
export async function prepareStockWasm(): Promise<{ readonly version: string }> {
  await useBackend('wasm', 'wasm')
  await tf.ready()
  return { version: version_wasm }
}
