/** Sums over blocks of neighbouring axes, and arithmetic with a vector or a scalar. */
import * as tf from '@tricklab/core/tf'
import type { KernelModule } from './module.ts'
import { replaceKernel } from './register.ts'

/** `[outer, reduce, inner]` of a reduction over neighbouring axes; `undefined` for other patterns. */
function reductionBlocks(
  shape: readonly number[],
  axes: readonly number[],
): [outer: number, reduce: number, inner: number] | undefined {
  // Axes of size one may lie anywhere: summing over them or not is the same.
  const big = axes.filter((axis) => shape[axis] !== 1).sort((p, q) => p - q)
  const first = big[0] ?? 0
  const last = big.at(-1) ?? -1
  for (let axis = first; axis <= last; axis++) {
    if (shape[axis] !== 1 && !big.includes(axis)) return undefined
  }
  const size = (from: number, to: number) => shape.slice(from, to).reduce((product, length) => product * length, 1)
  return [size(0, first), size(first, last + 1), size(last + 1, shape.length)]
}

function registerReduction(name: 'Sum' | 'Mean'): void {
  replaceKernel<tf.SumAttrs>(name, ({ inputs, attrs, module, stock }) => {
    const x = inputs.x!
    const axes = tf.util.parseAxisParam(attrs.axis, x.shape)
    const blocks = reductionBlocks(x.shape, axes)
    if (x.dtype !== 'float32' || blocks === undefined || tf.util.sizeFromShape(x.shape) === 0) return stock()
    const [outer, reduce, inner] = blocks
    const [outShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes)
    const out = module.output(attrs.keepDims ? tf.backend_util.expandShapeToKeepDim(outShape, axes) : outShape)
    const scale = name === 'Mean' ? 1 / reduce : 1
    module.workspace(inner * 8, (workspace) => {
      module.kernels.reduceSum(module.address(x), outer, reduce, inner, scale, module.address(out), workspace)
    })
    return out
  })
}

/**
 * `[outer, middle, inner]` where `small`, broadcast against `big`, is `[outer, 1, inner]`; `undefined` where it is not.
 */
function broadcastBlocks(
  big: readonly number[],
  small: readonly number[],
): [outer: number, middle: number, inner: number] | undefined {
  if (small.length > big.length) return undefined
  const padded = [...new Array<number>(big.length - small.length).fill(1), ...small]
  const repeated = big.map((length, axis) => padded[axis] === 1 && length !== 1)
  if (padded.some((length, axis) => length !== big[axis] && !repeated[axis])) return undefined
  return reductionBlocks(
    big,
    repeated.flatMap((yes, axis) => (yes ? [axis] : [])),
  )
}

const operations = { Add: [0, 0], Sub: [1, 4], Multiply: [2, 2], RealDiv: [3, 5] } as const

function registerBinary(name: keyof typeof operations): void {
  const [plain, exchanged] = operations[name]
  replaceKernel<object>(name, ({ inputs, module, stock }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock()
    return binary(module, plain, a, b) ?? binary(module, exchanged, b, a) ?? stock()
  })
}

function binary(module: KernelModule, op: number, big: tf.TensorInfo, small: tf.TensorInfo): tf.TensorInfo | undefined {
  const blocks = broadcastBlocks(big.shape, small.shape)
  if (blocks === undefined) return undefined
  const out = module.output(big.shape)
  const [outer, middle, inner] = blocks
  module.kernels.binaryMiddle(op, module.address(big), module.address(small), outer, middle, inner, module.address(out))
  return out
}

/** Registers Sum, Mean, Add, Sub, Multiply, RealDiv, Identity and Tile for the patterns of training; others stay stock. */
export function registerArithmetic(): void {
  registerReduction('Sum')
  registerReduction('Mean')
  registerBinary('Add')
  registerBinary('Sub')
  registerBinary('Multiply')
  registerBinary('RealDiv')
  // TF.js's own copies the data; it is run for every tensor that a gradient saves.
  replaceKernel<object>('Identity', ({ inputs, module, stock }) => {
    const x = inputs.x!
    return x.dtype === 'string' ? stock() : module.view(x, x.shape)
  })
  replaceKernel<tf.TileAttrs>('Tile', ({ inputs, attrs, module, stock }) => {
    const x = inputs.x!
    const { reps } = attrs
    if (x.dtype !== 'float32' || reps.length !== x.shape.length) return stock()
    const outShape = x.shape.map((length, axis) => length * reps[axis]!)
    const blocks = broadcastBlocks(outShape, x.shape)
    if (blocks === undefined || tf.util.sizeFromShape(outShape) === 0) return stock()
    const out = module.output(outShape)
    module.kernels.broadcastMiddle(module.address(x), ...blocks, module.address(out))
    return out
  })
}
