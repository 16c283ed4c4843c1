// Runs in workers, so it takes no value from core: core itself brings all of TensorFlow.js along.
import { existsSync, readFileSync } from 'node:fs'

/** Exports of the module; arguments are addresses and counts, described at each kernel. */
type Exports = Readonly<
  Record<
    'narrow' | 'shorten' | 'widen' | 'shrinkArea' | 'sampleMap' | 'light' | 'normalize',
    (...numbers: number[]) => void
  >
>

const pageBytes = 65536
// Kernels move whole vectors: up to four pixels of floats beyond the end.
const padding = 64

/**
 * The pixel kernels of a thread and their memory. Room is laid out anew for every image: `reset`, then `take` what is
 * needed in order, then `view`, for views are void once the memory has grown.
 */
export class PixelKernels {
  readonly run: Exports
  private readonly memory = new WebAssembly.Memory({ initial: 1 })
  private end = 0

  constructor() {
    const instance = new WebAssembly.Instance(compile(), { env: { memory: this.memory } })
    this.run = instance.exports as unknown as Exports
  }

  /** Forgets all rooms. */
  reset(): void {
    // Nothing lies at address 0, so that an address is never taken for a missing one.
    this.end = padding
  }

  /** Room for so many bytes, 16-aligned and padded. */
  take(bytes: number): number {
    const start = this.end
    this.end = (start + bytes + padding + 15) & ~15
    const lacking = this.end - this.memory.buffer.byteLength
    if (lacking > 0) this.memory.grow(Math.ceil(lacking / pageBytes))
    return start
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length)
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length)
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length)
  }
}

let loaded: PixelKernels | undefined

/** The kernels of this thread. */
export function pixelKernels(): PixelKernels {
  loaded ??= new PixelKernels()
  return loaded
}

function compile(): WebAssembly.Module {
  const file = new URL('../../dist/kernels.wasm', import.meta.url)
  if (!existsSync(file)) {
    throw new Error(
      'the kernels of @tricklab/data were not built; run `pnpm install`, or `pnpm --filter @tricklab/data run prepare`',
    )
  }
  return new WebAssembly.Module(readFileSync(file))
}
