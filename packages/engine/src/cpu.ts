import * as tf from '@tricklab/core/tf'
import { cpuModel, type EngineDriver } from './driver.ts'
import { allowOneThread } from './threads.ts'

/** TF.js's plain JavaScript backend: the slow reference that tests compare against. */
export const driver: EngineDriver = {
  precisions: ['f32'],
  async prepare({ threads }) {
    allowOneThread('cpu', threads)
    const { version_cpu } = await import('@tensorflow/tfjs-backend-cpu')
    await tf.setBackend('cpu')
    return { backend: 'cpu', version: version_cpu, device: cpuModel(), threads: 1, details: 'plain JavaScript' }
  },
}
