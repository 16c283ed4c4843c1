/** Matrix products. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import { type Fusion, fusionOf, runFused } from './fused.ts'
import { nativePrecision } from './precision.ts'
import { allFloat, type KernelCall, nativeKernel } from './register.ts'

interface MatMulAddon {
  matmul(
    batch: number,
    rows: number,
    columns: number,
    depth: number,
    transposeA: number,
    transposeB: number,
    aStep: number,
    bStep: number,
    bfloat16: number,
    a: Float32Array,
    b: Float32Array,
    bias: Float32Array | undefined,
    relu: number,
    c: Float32Array,
  ): void
}

type Attrs = Pick<tf.BatchMatMulAttrs, 'transposeA' | 'transposeB'>

/** Registers the kernels of matrix products on the backend `native`. */
export function registerMatrixProducts(): void {
  const nothing: Fusion = {
    bias: undefined,
    activation: 'linear',
    preluActivationWeights: undefined,
    leakyreluAlpha: undefined,
  }
  nativeKernel<Attrs>('BatchMatMul', (call) => matMul(call, nothing))
  nativeKernel<Attrs & tf._FusedMatMulAttrs>('_FusedMatMul', (call) => matMul(call, fusionOf(call.inputs, call.attrs)))
}

function matMul({ inputs, attrs, backend, stock }: KernelCall<Attrs>, fusion: Fusion): tf.TensorInfo | tf.TensorInfo[] {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
  const { transposeA, transposeB } = attrs
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number]
  const rows = transposeA ? aColumns : aRows
  const depth = transposeA ? aRows : aColumns
  const columns = transposeB ? bRows : bColumns
  // The cpu kernel words the complaint.
  if (!allFloat(a, b) || depth !== (transposeB ? bColumns : bRows)) return stock()
  const aBatch = a.shape.slice(0, -2)
  const bBatch = b.shape.slice(0, -2)
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch)
  const [aCount, bCount, count] = [aBatch, bBatch, batchShape].map((shape) => tf.util.sizeFromShape(shape)) as [
    number,
    number,
    number,
  ]
  const { matmul } = addonFunctions<MatMulAddon>()
  const bfloat16 = nativePrecision() === 'bf16' ? 1 : 0
  return runFused(backend, columns, fusion, (bias, relu) => {
    const out = backend.output([...batchShape, rows, columns])
    const biasValues = bias === undefined ? undefined : backend.floats(bias)
    const [left, right, to] = [backend.floats(a), backend.floats(b), backend.floats(out)]
    const [aSize, bSize, size] = [rows * depth, depth * columns, rows * columns]
    const run = (
      times: number,
      [aStep, bStep]: [number, number],
      from: Float32Array,
      by: Float32Array,
      into: Float32Array,
    ) =>
      matmul(
        times, rows, columns, depth, transposeA ? 1 : 0, transposeB ? 1 : 0, aStep, bStep, bfloat16,
        from, by, biasValues, relu ? 1 : 0, into,
      ) // biome-ignore format: one line an object
    // Equal batches, or one matrix against many, are one call.
    const single = (have: number) => have === count || have === 1
    if (single(aCount) && single(bCount)) {
      run(count, [aCount === 1 ? 0 : aSize, bCount === 1 ? 0 : bSize], left, right, to)
      return out
    }
    const places = batchShape.map((_, axis) =>
      batchShape.slice(axis + 1).reduce((product, length) => product * length, 1),
    )
    for (let n = 0; n < count; n++) {
      const index = batchShape.map((length, axis) => Math.floor(n / places[axis]!) % length)
      const from = positionIn(aBatch, index) * aSize
      const by = positionIn(bBatch, index) * bSize
      run(1, [0, 0], left.subarray(from, from + aSize), right.subarray(by, by + bSize), to.subarray(n * size))
    }
    return out
  })
}

/** Which matrix of a batch a broadcast index means. */
function positionIn(batch: readonly number[], index: readonly number[]): number {
  const skipped = index.length - batch.length
  return batch.reduce((position, length, axis) => position * length + (length === 1 ? 0 : index[axis + skipped]!), 0)
}
