/**
 * Allocations in the memory of TF.js's WebAssembly backend, every one checked: TF.js does not look at what its allocator
 * returns, and would go on at address 0, where the module's own data lie.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { failOutOfMemory } from '@tricklab/core/errors'

/** What 32 bits can address: the module's memory never gets larger. */
const limit = 2 ** 32

/**
 * Left free at the end of the memory, for the small pieces that kernels of TF.js take inside the module, where nobody
 * sees that they got none.
 */
const reserve = 2 ** 22

/** Parts of the Emscripten module, which the package's types leave out. */
interface Module {
  _malloc(bytes: number): number
  _free(address: number): void
}

/**
 * Makes the backend's allocator throw E_OUT_OF_MEMORY where it returned 0. Uploads and outputs of all kernels use it.
 *
 * It also never asks the allocator for a piece that could reach over the end. The allocator adds a free piece's start and
 * the size asked for in 32 bits: beyond 4 GiB the sum is small, the piece passes for large enough, and two tensors
 * lie on each other. No free piece starts above the highest end that was ever given out.
 */
export function checkAllocations(backend: BackendWasm): void {
  const module = backend.wasm as unknown as Module
  // Emscripten puts the real function in the place of this one at its first call, which would undo ours.
  module._free(module._malloc(1))
  const allocate = module._malloc
  let highest = 0
  let shape: readonly number[] | undefined
  module._malloc = (bytes) => {
    const address = highest + bytes < limit - reserve ? allocate(bytes) >>> 0 : 0
    if (address === 0) {
      failOutOfMemory({
        what: shape === undefined ? 'scratch memory of a kernel' : `a tensor [${shape.join(', ')}]`,
        bytes,
        used: highest,
        limit,
        otherwise: 'use --engine native, which has the memory of the whole machine',
      })
    }
    highest = Math.max(highest, address + bytes)
    return address
  }
  const move = backend.move
  backend.move = (...call) => {
    shape = call[2]
    try {
      move.apply(backend, call)
    } finally {
      shape = undefined
    }
  }
}
