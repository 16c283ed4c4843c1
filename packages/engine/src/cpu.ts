import { version_cpu } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tricklab/core/tf'
import { useBackend } from './backend.ts'
import { cpuModel, defineEngine } from './driver.ts'
import { allowOneThread } from './threads.ts'

/** TF.js's plain JavaScript backend: the slow reference that tests compare against. */
export const engine = defineEngine({
  name: 'cpu',
  precisions: ['f32'],
  async prepare({ threads }) {
    allowOneThread('cpu', threads)
    await useBackend('cpu', 'cpu')
    silenceAdvertisement()
    return { backend: 'cpu', version: version_cpu, device: cpuModel(), threads: 1, details: 'plain JavaScript' }
  },
})

/** On its first tensor in Node the backend prints an advertisement for tfjs-node, unless it thinks it has done so. */
function silenceAdvertisement(): void {
  const backend = tf.backend() as { firstUse?: boolean }
  if (backend.firstUse === true) backend.firstUse = false
}
