/** Puts our kernels in the place of the stock ones. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { composedKernel } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { KernelModule } from './module.ts'

/** A kernel's inputs by name; optional ones are `undefined`. */
type Inputs = Record<string, tf.TensorInfo>

/** The call that a stock kernel would have got. */
export interface KernelCall<Attrs> {
  inputs: Inputs
  attrs: Attrs
  module: KernelModule
  /** Runs TF.js's own kernel, or the composed version of a fused operation, on a call that ours does not serve. */
  stock: () => tf.TensorInfo | tf.TensorInfo[]
}

/**
 * Registers `run` as the wasm backend's kernel `name`, over TF.js's own if there is one (which keeps its set-up, and
 * stays reachable through `stock`).
 */
export function replaceKernel<Attrs>(
  name: string,
  run: (call: KernelCall<Attrs>) => tf.TensorInfo | tf.TensorInfo[],
): void {
  const stock = originals.get(name) ?? tf.getKernel(name, 'wasm')
  if (stock !== undefined) {
    originals.set(name, stock)
    if (tf.getKernel(name, 'wasm') !== undefined) tf.unregisterKernel(name, 'wasm')
  }
  tf.registerKernel({
    kernelName: name,
    backendName: 'wasm',
    ...(stock?.setupFunc ? { setupFunc: stock.setupFunc } : {}),
    ...(stock?.disposeFunc ? { disposeFunc: stock.disposeFunc } : {}),
    kernelFunc: (call) =>
      run({
        inputs: call.inputs as unknown as Inputs,
        attrs: call.attrs as unknown as Attrs,
        module: moduleOf(call.backend as BackendWasm),
        stock: () => {
          return (stock?.kernelFunc ?? composedKernel(name))(call)
        },
      }),
  })
}

const originals = new Map<string, tf.KernelConfig>()
const modules = new WeakMap<BackendWasm, KernelModule>()

/** The kernel module of a backend, made on first use. */
export function moduleOf(backend: BackendWasm): KernelModule {
  let module = modules.get(backend)
  if (module === undefined) {
    module = new KernelModule(backend)
    modules.set(backend, module)
  }
  return module
}
