import { fail } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { useBackend } from './backend.ts'
import { defineEngine } from './driver.ts'
import { allowOneThread } from './threads.ts'
import { adapterName, isSoftware, type OpenAdapter, openAdapter } from './webgpu/adapter.ts'
import { adviseOnMissingAdapter, lookAround } from './webgpu/advice.ts'
import { createDawnBackend } from './webgpu/backend.ts'

let opened: OpenAdapter | undefined

/** Any GPU through Vulkan, Metal or Direct3D 12: TF.js's WebGPU backend on Dawn. */
export const engine = defineEngine({
  name: 'webgpu',
  precisions: ['f32'],
  async prepare({ threads, onNotice }) {
    allowOneThread('webgpu', threads)
    opened ??= await open()
    await useBackend('webgpu', 'webgpu')
    const { info } = opened.adapter
    const software = isSoftware(info)
    if (software) onNotice?.('The adapter is software: a CPU that plays a GPU, right but slow. Use it for tests only.')
    return {
      backend: 'webgpu',
      version: tf.version_core,
      device: adapterName(info),
      threads: 1,
      details: software ? 'software adapter' : 'hardware adapter',
    }
  },
})

async function open(): Promise<OpenAdapter> {
  const found = await openAdapter().catch(() => undefined)
  if (found === undefined) {
    const { why, command } = adviseOnMissingAdapter(lookAround())
    fail('E_ENGINE_UNAVAILABLE', { what: `The engine webgpu has no adapter to run on: ${why}.`, fix: command })
  }
  const backend = await createDawnBackend(found)
  tf.registerBackend('webgpu', () => backend)
  setFlags()
  return found
}

function setFlags(): void {
  // Training sends hundreds of kernels a step; fewer, larger submissions cost less on the CPU's side.
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64)
}
