import { cpuModel, defineEngine } from './driver.ts'
import { allowOneThread } from './threads.ts'
import { prepareWasm } from './wasm/index.ts'

/** TF.js's WebAssembly backend with our training kernels in its memory: the embedded default. */
export const engine = defineEngine({
  name: 'wasm',
  precisions: ['f32'],
  async prepare({ threads }) {
    allowOneThread('wasm', threads)
    const { version, simd } = await prepareWasm()
    return {
      backend: 'wasm',
      version,
      device: cpuModel(),
      threads: 1,
      details: simd === 'relaxed-simd' ? 'relaxed SIMD' : 'SIMD',
    }
  },
})
