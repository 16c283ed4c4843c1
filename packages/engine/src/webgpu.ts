import { fail } from '@tricklab/core'
import type { EngineDriver } from './driver.ts'

/** Not wired yet. */
export const driver: EngineDriver = {
  precisions: ['f32'],
  async prepare() {
    fail('E_ENGINE_UNAVAILABLE', {
      what: 'The engine webgpu is not wired yet.',
      fix: 'use --engine wasm, which needs nothing but npm.',
    })
  },
}
