import { fail } from '@tricklab/core'
import type { EngineDriver } from './driver.ts'

/** Our C++ backend. Its package is not part of this version; the engine answers so, plainly. */
export const driver: EngineDriver = {
  precisions: ['f32'],
  async prepare() {
    fail('E_ENGINE_UNAVAILABLE', {
      what: 'The engine native is not built: this version of Tricklab comes without the package @tricklab/engine-native.',
      expected: 'the package @tricklab/engine-native, built by a C++ compiler.',
      fix: 'a later version of Tricklab; until then use --engine wasm, which needs nothing but npm.',
    })
  },
}
