import * as tf from '@tricklab/core/tf'
import { cpuModel, type EngineDriver } from './driver.ts'
import { allowOneThread } from './threads.ts'

/** TF.js's WebAssembly backend with the gradient kernels that it lacks: the embedded default. */
export const driver: EngineDriver = {
  precisions: ['f32'],
  async prepare({ threads }) {
    allowOneThread('wasm', threads)
    const { version_wasm } = await import('@tensorflow/tfjs-backend-wasm')
    await tf.setBackend('wasm')
    return { backend: 'wasm', version: version_wasm, device: cpuModel(), threads: 1, details: '' }
  },
}
