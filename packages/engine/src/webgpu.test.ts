import * as tf from '@tricklab/core/tf'
import { engineContract } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTrainingStep } from './doctor/training-step.ts'
import { prepareEngine } from './engine.ts'
import { noSoftwareGpu, useSoftwareGpu } from './webgpu/software-gpu.ts'

describe.skipIf(noSoftwareGpu !== undefined)(
  `webgpu on SwiftShader${noSoftwareGpu ? `: ${noSoftwareGpu}` : ''}`,
  () => {
    const notices: string[] = []

    beforeAll(async () => {
      useSoftwareGpu()
      const engine = await prepareEngine('webgpu', { onNotice: (message) => notices.push(message) })
      expect(engine).toMatchObject({ name: 'webgpu', backend: 'webgpu', precision: 'f32', details: 'software adapter' })
      expect(engine.device).toMatch(/swiftshader/i)
    })

    test('tells a software adapter', () => {
      expect(notices).toEqual([expect.stringContaining('software')])
    })

    test('leaves no navigator behind that was not there', () => {
      expect('navigator' in globalThis).toBe(Number(process.versions.node.split('.')[0]) >= 21)
    })

    engineContract('webgpu')

    test('the same steps give the same bits', async () => {
      await prepareEngine('webgpu')
      const run = async () => {
        const step = createTrainingStep()
        const losses = [await step.run(), await step.run(), await step.run()]
        step.dispose()
        return losses
      }
      expect(await run()).toEqual(await run())
    })

    test('a synchronous read is refused with the way out', async () => {
      await prepareEngine('webgpu')
      const x = tf.add(tf.zeros([40, 40]), 1)
      expect(() => x.dataSync()).toThrow(/\[E_ENGINE_SYNC_READ\].*Expected: `await tensor\.data\(\)`/)
      expect((await x.data())[0]).toBe(1)
      // Once read, the values are known on the CPU.
      expect(x.dataSync()[0]).toBe(1)
      x.dispose()
    })

    test('an error of the GPU is not passed over: the next read reports it', async () => {
      const { openAdapter } = await import('./webgpu/adapter.ts')
      const { createDawnBackend } = await import('./webgpu/backend.ts')
      const opened = await openAdapter()
      if (opened === undefined) throw new Error('no adapter')
      const backend = await createDawnBackend(opened)
      tf.registerBackend('failing', () => backend)
      await tf.setBackend('failing')
      for (const kernel of tf.getKernelsForBackend('webgpu')) tf.registerKernel({ ...kernel, backendName: 'failing' })
      backend.device.createBuffer({ size: 2 ** 40, usage: GPUBufferUsage.STORAGE })
      const x = tf.add(tf.zeros([40, 40]), 1)
      await expect(x.data()).rejects.toThrow(/\[E_ENGINE_FAILED\] The engine webgpu failed: .*Buffer size/)
      await prepareEngine('webgpu')
      tf.removeBackend('failing')
    })
  },
)
