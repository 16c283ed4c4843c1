/** Puts native kernels in the place of the cpu backend's. */
import { failOutOfMemory, isFailedAllocation } from '@tricklab/core/errors'
import { composedKernel } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import type { NativeBackend } from '../backend.ts'

/** A kernel's inputs by name; optional ones are `undefined`. */
export type Inputs = Record<string, tf.TensorInfo>

export interface KernelCall<Attrs> {
  inputs: Inputs
  attrs: Attrs
  backend: NativeBackend
  /** Runs the cpu backend's kernel, or the composed version of a fused operation, on a call that ours does not serve. */
  stock: () => tf.TensorInfo | tf.TensorInfo[]
}

/** Registers `run` as the backend's kernel `name`, over the cpu backend's if there is one (which `stock` still reaches). */
export function nativeKernel<Attrs = object>(
  name: string,
  run: (call: KernelCall<Attrs>) => tf.TensorInfo | tf.TensorInfo[],
): void {
  const stock = tf.getKernel(name, 'cpu')
  if (tf.getKernel(name, 'native') !== undefined) tf.unregisterKernel(name, 'native')
  tf.registerKernel({
    kernelName: name,
    backendName: 'native',
    kernelFunc: watched(name, (call) =>
      run({
        inputs: call.inputs as unknown as Inputs,
        attrs: call.attrs as unknown as Attrs,
        backend: call.backend as NativeBackend,
        stock: () => {
          return (stock?.kernelFunc ?? composedKernel(name))(call)
        },
      }),
    ),
  })
}

/** Registers the cpu backend's kernels, for what has none of ours. */
export function copyCpuKernels(): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    const kernelFunc = watched(config.kernelName, config.kernelFunc)
    tf.registerKernel({ ...config, backendName: 'native', kernelFunc })
  }
}

/** Memory that a kernel does not get, for an array or a workspace of its own, is told in the house form. */
function watched(name: string, run: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    try {
      return run(call)
    } catch (cause) {
      if (isFailedAllocation(cause)) failOutOfMemory({ what: `what the kernel ${name} works on`, cause })
      throw cause
    }
  }
}

/** Whether every tensor is float32: what most native kernels serve. */
export function allFloat(...tensors: tf.TensorInfo[]): boolean {
  return tensors.every(({ dtype }) => dtype === 'float32')
}
