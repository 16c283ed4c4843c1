import { version_wasm } from '@tensorflow/tfjs-backend-wasm'
import { useBackend } from './backend.ts'
import { cpuModel, type EngineDriver } from './driver.ts'
import { allowOneThread } from './threads.ts'

/** TF.js's WebAssembly backend with the gradient kernels that it lacks: the embedded default. */
export const driver: EngineDriver = {
  precisions: ['f32'],
  async prepare({ threads }) {
    allowOneThread('wasm', threads)
    await useBackend('wasm', 'wasm')
    return { backend: 'wasm', version: version_wasm, device: cpuModel(), threads: 1, details: '' }
  },
}
