/** Times the kernels of the current TF.js backend by standing between it and TF.js. */
import * as tf from '@tricklab/core/tf'

/** What one kernel did while it was watched. */
export interface KernelTime {
  readonly kernel: string
  readonly calls: number
  /** Without the kernels that it called itself. @unit milliseconds */
  readonly ms: number
  /** Multiply-accumulates, for convolutions and matrix products; 0 for the others. */
  readonly macs: number
  /** What it has to read and write at least: every input and every output once, as they are stored. */
  readonly bytes: number
}

/**
 * Wraps every kernel of the current backend; `stop` puts the kernels back and says what they did.
 *
 * A composed kernel runs others: its own time is what remains, so that all times add up to the time inside kernels.
 * On an engine that computes asynchronously these are the times of submitting work, not of doing it.
 */
export function watchKernels(): { stop(): KernelTime[] } {
  const backendName = tf.getBackend()
  const totals = new Map<string, { calls: number; ms: number; macs: number; bytes: number }>()
  /** Time spent in called kernels, for each kernel under way. */
  const inner: number[] = []

  const originals = tf.getKernelsForBackend(backendName)
  for (const original of originals) {
    replace(original, {
      ...original,
      kernelFunc(call) {
        inner.push(0)
        const start = performance.now()
        let results: tf.TensorInfo[] = []
        try {
          const result = original.kernelFunc(call)
          results = [result].flat()
          return result
        } finally {
          const elapsed = performance.now() - start
          const own = elapsed - inner.pop()!
          if (inner.length > 0) inner[inner.length - 1]! += elapsed
          const total = totals.get(original.kernelName) ?? { calls: 0, ms: 0, macs: 0, bytes: 0 }
          totals.set(original.kernelName, {
            calls: total.calls + 1,
            ms: total.ms + own,
            macs: total.macs + macsOf(original.kernelName, call.inputs, call.attrs ?? {}, results),
            bytes: total.bytes + bytesOf(call.inputs, results),
          })
        }
      },
    })
  }
  return {
    stop() {
      for (const original of originals) replace(original, original)
      return [...totals].map(([kernel, total]) => ({ kernel, ...total })).sort((a, b) => b.ms - a.ms)
    },
  }
}

function replace({ kernelName, backendName }: tf.KernelConfig, by: tf.KernelConfig): void {
  tf.unregisterKernel(kernelName, backendName)
  tf.registerKernel(by)
}

/** Whether it is a dense convolution, or one of the gradients of one. */
export const isConvolution = (kernel: string): boolean => /^(Fused)?Conv2D/.test(kernel)

/** One for each output pixel, filter tap and pair of channels of a dense convolution, and likewise of a product. */
function macsOf(
  kernel: string,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap,
  results: readonly tf.TensorInfo[],
): number {
  const { x, dy, filter } = inputs
  if (kernel === 'BatchMatMul' || kernel === '_FusedMatMul') {
    return sizeOf(results[0]?.shape ?? [0]) * inputs.a!.shape.at(attrs.transposeA === true ? -2 : -1)!
  }
  if (kernel === 'Conv2DBackpropInput') return placesOf(dy!.shape) * sizeOf(filter!.shape)
  if (kernel === 'Conv2DBackpropFilter') return placesOf(dy!.shape) * sizeOf(attrs.filterShape as number[])
  if (kernel !== 'Conv2D' && kernel !== 'FusedConv2D') return 0
  const { outHeight, outWidth } = tf.backend_util.computeConv2DInfo(
    x!.shape as [number, number, number, number],
    filter!.shape as [number, number, number, number],
    attrs.strides as [number, number],
    attrs.dilations as [number, number],
    attrs.pad as number,
    attrs.dimRoundingMode as 'floor',
  )
  return x!.shape[0]! * outHeight * outWidth * sizeOf(filter!.shape)
}

/** The engine native keeps some float32 tensors in half the bytes. */
function bytesOf(inputs: tf.NamedTensorInfoMap, results: readonly tf.TensorInfo[]): number {
  const backend = tf.backend() as { storage?(tensor: tf.TensorInfo): string }
  const given = Object.values(inputs).flat() as (tf.TensorInfo | null | undefined)[]
  return [...given, ...results].reduce((sum, tensor) => {
    if (tensor == null) return sum
    const half = tensor.dtype === 'float32' && backend.storage?.(tensor) === 'bf16'
    return sum + sizeOf(tensor.shape) * (half ? 2 : tf.util.bytesPerElement(tensor.dtype))
  }, 0)
}

/** Output pixels of all images. */
const placesOf = (shape: readonly number[]): number => sizeOf(shape.slice(0, 3))

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)
