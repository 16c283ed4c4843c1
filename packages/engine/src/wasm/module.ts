/**
 * The kernel module: our AssemblyScript kernels inside the memory of TF.js's WebAssembly backend, so that tensors are
 * passed by address and never copied.
 */
import { existsSync, readFileSync } from 'node:fs'
import v8 from 'node:v8'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { fail } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'
import type { ConvKernels } from './conv/kernels.ts'
import { checkAllocations } from './memory.ts'

/** Which instructions the loaded module uses: fused multiply-add (`relaxed-simd`) where the runtime has it. */
export type SimdLevel = 'simd' | 'relaxed-simd'

/** Exports of the module; arguments are addresses and counts, described at each kernel. */
export type Kernels = ConvKernels &
  Readonly<
    Record<
      | 'depthwiseFilterGrad'
      | 'depthwiseInputGrad'
      | 'addRelu'
      | 'binaryMiddle'
      | 'dropout'
      | 'leakyReluOffset'
      | 'gelu'
      | 'geluGrad'
      | 'mish'
      | 'mishGrad'
      | 'mapSeparably'
      | 'leakyReluOffsetGrad'
      | 'reluGrad'
      | 'segmentSum'
      | 'softmaxCrossEntropy'
      | 'batchMoments'
      | 'batchNormGrad'
      | 'batchNormScale'
      | 'normalize'
      | 'adamw'
      | 'columnMeans'
      | 'ranger'
      | 'sgd'
      | 'pool'
      | 'poolGrad'
      | 'broadcastMiddle'
      | 'reduceSum'
      | 'zero',
      (...numbers: number[]) => number
    >
  >

/** File of one build of the kernels, made by the package's `prepare` script. */
export function kernelFile(name: 'simd' | 'relaxed'): URL {
  return new URL(`../../dist/kernels/${name}.wasm`, import.meta.url)
}

/** The loaded kernels with what a wrapper needs around them: addresses, outputs and passing workspaces. */
export class KernelModule {
  readonly kernels: Kernels
  readonly simd: SimdLevel
  private readonly backend: BackendWasm
  private readonly memory: WebAssembly.Memory

  constructor(backend: BackendWasm) {
    this.backend = backend
    checkAllocations(backend)
    const { module, simd } = compile()
    this.simd = simd
    this.memory = memoryOf(backend)
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } })
    this.kernels = instance.exports as unknown as Kernels
  }

  /** Byte address of a tensor's first element. */
  address(tensor: tf.TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset
  }

  /** A new float32 tensor, not initialised. @errors E_OUT_OF_MEMORY */
  output(shape: readonly number[]): tf.TensorInfo {
    return this.backend.makeOutput([...shape], 'float32')
  }

  /** The same data under another shape: counts as a second owner. */
  view(tensor: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.backend.incRef(tensor.dataId)
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype }
  }

  /** Copies an array to an address, 4-aligned. */
  write(address: number, values: Int32Array | Float32Array): void {
    // Looked up each time: the buffer is another one after the memory grew.
    const target = new Uint8Array(this.memory.buffer, address, values.byteLength)
    target.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  /** Calls `use` with `bytes` bytes of scratch memory, 16-aligned, released afterwards. @errors E_OUT_OF_MEMORY */
  workspace<T>(bytes: number, use: (address: number) => T): T {
    const wasm = this.backend.wasm as unknown as Allocator
    const block = wasm._malloc(bytes + 16)
    try {
      return use((block + 15) & ~15)
    } finally {
      wasm._free(block)
    }
  }
}

/** Emscripten's allocator, which the package's types leave out. */
interface Allocator {
  _malloc(bytes: number): number
  _free(address: number): void
}

/** Emscripten names its exports as it likes; the memory is the one that is a memory. */
function memoryOf(backend: BackendWasm): WebAssembly.Memory {
  const exported = (backend.wasm as unknown as { asm: Record<string, unknown> }).asm
  const memory = Object.values(exported).find((value) => value instanceof WebAssembly.Memory)
  if (memory === undefined) {
    return fail('E_ENGINE_UNAVAILABLE', {
      what: 'The memory of the TF.js WebAssembly backend was not found.',
      expected: '@tensorflow/tfjs-backend-wasm 4.22.0.',
      received: 'a build that does not export its memory.',
      fix: 'install the pinned version, or use the engine `cpu`.',
    })
  }
  return memory
}

function compile(): { module: WebAssembly.Module; simd: SimdLevel } {
  for (const name of ['relaxed', 'simd'] as const) {
    if (existsSync(kernelFile(name))) continue
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The wasm engine's kernels were not built: dist/kernels/${name}.wasm is missing.`,
      fix: 'run `pnpm install`, or `pnpm --filter @tricklab/engine run prepare`.',
    })
  }
  const relaxed = readFileSync(kernelFile('relaxed'))
  // Node 20 has relaxed SIMD behind a flag that may be set at any time before compiling.
  if (!WebAssembly.validate(relaxed)) trySetFlag('--experimental-wasm-relaxed-simd')
  if (WebAssembly.validate(relaxed)) return { module: new WebAssembly.Module(relaxed), simd: 'relaxed-simd' }
  return { module: new WebAssembly.Module(readFileSync(kernelFile('simd'))), simd: 'simd' }
}

function trySetFlag(flag: string): void {
  // A runtime that does not know the flag only prints a warning or throws; the plain build serves it.
  try {
    v8.setFlagsFromString(flag)
  } catch {}
}
