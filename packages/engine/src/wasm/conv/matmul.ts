import * as tf from '@tricklab/core/tf'
import type { KernelModule } from '../module.ts'
import { type KernelCall, replaceKernel } from '../register.ts'
import { isFloat } from './is-float.ts'
import { type Image, type Part, singleTap } from './parts.ts'
import { multiplyPatches, multiplyTransposedPatches } from './product.ts'

/** Registers the matrix products. */
export function registerMatMuls(): void {
  replaceKernel<tf.BatchMatMulAttrs>('BatchMatMul', (call) => matMul(call))
  replaceKernel<tf._FusedMatMulAttrs>('_FusedMatMul', (call) => {
    const { bias, preluActivationWeights } = call.inputs as Record<string, tf.TensorInfo | undefined>
    const { activation } = call.attrs
    const columns = call.inputs.b!.shape[call.attrs.transposeB ? 1 : 2]
    const ours =
      preluActivationWeights == null &&
      (activation === 'linear' || activation === 'relu') &&
      (bias == null || (bias.dtype === 'float32' && tf.util.sizeFromShape(bias.shape) === columns))
    return ours ? matMul(call, bias ?? undefined, activation === 'relu') : call.stock()
  })
}

/** One product `C[rows, columns] = op(A)[rows, depth] · op(B)[depth, columns]`; all but the sizes are addresses. */
interface Product {
  readonly a: number
  readonly b: number
  readonly out: number
  readonly rows: number
  readonly depth: number
  readonly columns: number
}

/** `C = op(A)·op(B)` per batch: a 1×1 convolution, or the gradient of one where A is transposed. */
function matMul(
  { inputs, attrs, module, stock }: KernelCall<Pick<tf.BatchMatMulAttrs, 'transposeA' | 'transposeB'>>,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo | tf.TensorInfo[] {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
  const { transposeA, transposeB } = attrs
  if (!isFloat(a, b)) return stock()
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number]
  const rows = transposeA ? aColumns : aRows
  const depth = transposeA ? aRows : aColumns
  const columns = transposeB ? bRows : bColumns
  if (depth !== (transposeB ? bColumns : bRows)) return stock()
  const aBatch = a.shape.slice(0, -2)
  const bBatch = b.shape.slice(0, -2)
  const aCount = tf.util.sizeFromShape(aBatch)
  const bCount = tf.util.sizeFromShape(bBatch)
  // Equal batches, or one matrix against many; other broadcasts are rare.
  if (aCount !== bCount && aCount !== 1 && bCount !== 1) return stock()
  if (aCount === bCount && aBatch.some((size, i) => size !== bBatch[i])) return stock()
  const count = Math.max(aCount, bCount)
  const out = module.output([...(aCount >= bCount ? aBatch : bBatch), rows, columns])
  if (count * rows * columns === 0 || depth === 0) return depth === 0 ? stock() : out
  const after = { ...(bias === undefined ? {} : { bias: module.address(bias) }), relu }
  for (let n = 0; n < count; n++) {
    const product = {
      a: module.address(a) + (aCount === 1 ? 0 : n * rows * depth * 4),
      b: module.address(b) + (bCount === 1 ? 0 : n * depth * columns * 4),
      out: module.address(out) + n * rows * columns * 4,
      ...{ rows, depth, columns },
    }
    if (!transposeA) multiply(module, product, transposeB, after)
    else if (bias === undefined && !relu) multiplyTransposed(module, product, transposeB)
    else {
      module.workspace(rows * depth * 4, (upright) => {
        module.kernels.transpose(product.a, depth, rows, upright)
        multiply(module, { ...product, a: upright }, transposeB, after)
      })
    }
  }
  return out
}

/** The rows of a matrix are the pixels of an image of one column. */
const partOf = (rows: number): Part => ({ y: singleTap(rows), x: singleTap(1), inside: false })
const imageOf = (address: number, height: number, channels: number): Image => ({
  address,
  batch: 1,
  height,
  width: 1,
  channels,
})

function multiply(
  module: KernelModule,
  { a, b, out, rows, depth, columns }: Product,
  transposeB: boolean,
  after: { readonly bias?: number; readonly relu: boolean },
): void {
  const [rowStride, columnStride] = transposeB ? [1, depth] : [columns, 1]
  const pack = (to: number) => module.kernels.packB(to, depth, columns, 0, depth, b, rowStride, columnStride)
  const target = { address: out, height: rows, width: 1 }
  multiplyPatches(module, imageOf(a, rows, depth), [partOf(rows)], { columns, pack, ...after }, target)
}

/** `Aᵀ · op(B)`. */
function multiplyTransposed(
  module: KernelModule,
  { a, b, out, rows, depth, columns }: Product,
  transposeB: boolean,
): void {
  const run = (upright: number) =>
    multiplyTransposedPatches(module, imageOf(a, depth, rows), partOf(depth), imageOf(upright, depth, columns), out)
  if (transposeB) {
    module.workspace(depth * columns * 4, (upright) => {
      module.kernels.transpose(b, columns, depth, upright)
      run(upright)
    })
  } else run(b)
}
