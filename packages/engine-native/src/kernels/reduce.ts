/** Reductions over any axes, softmax. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import { type NativeBackend, sizeOf } from '../backend.ts'
import { elementsOf, mostAxes, rowsAndChannels, stridesOf } from './geometry.ts'
import { copyBox } from './layout.ts'
import { nativeKernel } from './register.ts'

interface ReduceAddon {
  reduce(op: number, x: Float32Array, outer: number, length: number, inner: number, out: Float32Array): void
  reduceBool(all: number, x: Uint8Array, outer: number, length: number, inner: number, out: Uint8Array): void
  argReduce(largest: number, x: Float32Array, outer: number, length: number, inner: number, out: Int32Array): void
  softmax(x: Float32Array, rows: number, classes: number, y: Float32Array): void
}

/** In the order of `Reduction` in native/reduce/reduce.h. */
const reductions = ['Sum', 'Mean', 'Max', 'Min', 'Prod'] as const

interface Blocks {
  /** The tensor itself, or a copy whose reduced axes lie together. */
  x: tf.TensorInfo
  outer: number
  length: number
  inner: number
  shape: number[]
  /** Frees the copy. */
  done(): void
}

/** Registers every kernel of this topic. */
export function registerReductions(): void {
  const addon = addonFunctions<ReduceAddon>()
  for (const [op, name] of reductions.entries()) {
    nativeKernel<Partial<tf.SumAttrs & tf.MaxAttrs>>(name, ({ inputs, attrs, backend, stock }) => {
      const x = inputs.x!
      // Max alone calls its axes otherwise.
      const axes = attrs.reductionIndices ?? attrs.axis!
      const blocks = x.dtype === 'float32' ? blocksOf(backend, x, axes, attrs.keepDims ?? false) : undefined
      if (blocks === undefined) return stock()
      const { outer, length, inner } = blocks
      const out = backend.output(blocks.shape)
      addon.reduce(op, backend.floats(blocks.x), outer, length, inner, backend.floats(out))
      blocks.done()
      return out
    })
  }
  for (const name of ['Any', 'All']) {
    nativeKernel<tf.AnyAttrs>(name, ({ inputs, attrs, backend, stock }) => {
      const x = inputs.x!
      const blocks = x.dtype === 'bool' ? blocksOf(backend, x, attrs.axis, attrs.keepDims) : undefined
      if (blocks === undefined) return stock()
      const { outer, length, inner } = blocks
      const out = backend.output(blocks.shape, 'bool')
      addon.reduceBool(name === 'All' ? 1 : 0, backend.bytes(blocks.x), outer, length, inner, backend.bytes(out))
      blocks.done()
      return out
    })
  }
  for (const name of ['ArgMax', 'ArgMin']) {
    nativeKernel<tf.ArgMaxAttrs>(name, ({ inputs, attrs, backend, stock }) => {
      const x = inputs.x!
      const blocks = x.dtype === 'float32' ? blocksOf(backend, x, attrs.axis, false) : undefined
      if (blocks === undefined || blocks.length === 0) {
        blocks?.done()
        return stock()
      }
      const { outer, length, inner } = blocks
      const out = backend.output(blocks.shape, 'int32')
      addon.argReduce(name === 'ArgMax' ? 1 : 0, backend.floats(blocks.x), outer, length, inner, backend.ints(out))
      blocks.done()
      return out
    })
  }
  nativeKernel('Softmax', ({ inputs, backend, stock }) => {
    const logits = inputs.logits!
    // tf.softmax brings its axis to the end.
    if (logits.dtype !== 'float32' || logits.shape.length === 0) return stock()
    const [rows, classes] = rowsAndChannels(logits.shape)
    const y = backend.output(logits.shape)
    addon.softmax(backend.floats(logits), rows, classes, backend.floats(y))
    return y
  })
}

/** A reduction as `[outer, length, inner]` over the middle. */
function blocksOf(
  backend: NativeBackend,
  x: tf.TensorInfo,
  axis: number | number[],
  keepDims: boolean,
): Blocks | undefined {
  const rank = x.shape.length
  if (rank > mostAxes) return undefined
  const axes = tf.util.parseAxisParam(axis, x.shape)
  const reduced = x.shape.map((_, i) => axes.includes(i))
  const shape = keepDims ? x.shape.map((length, i) => (reduced[i] ? 1 : length)) : x.shape.filter((_, i) => !reduced[i])
  // Axes of size one may lie anywhere: reducing over them or not is the same.
  const big = x.shape.map((_, i) => i).filter((i) => reduced[i] && x.shape[i] !== 1)
  const first = big[0] ?? rank
  const last = big.at(-1) ?? rank - 1
  const together = x.shape.slice(first, last + 1).every((length, i) => reduced[first + i] || length === 1)
  if (together) {
    const size = (from: number, to: number) => sizeOf(x.shape.slice(from, to))
    const done = () => {}
    return { x, outer: size(0, first), length: size(first, last + 1), inner: size(last + 1, rank), shape, done }
  }
  const order = [...x.shape.keys()].sort((p, q) => Number(reduced[p]) - Number(reduced[q]) || p - q)
  const copied = backend.output(
    order.map((i) => x.shape[i]!),
    x.dtype as 'float32' | 'bool',
  )
  const strides = stridesOf(x.shape)
  copyBox({
    from: elementsOf(backend, x)!,
    to: elementsOf(backend, copied)!,
    size: copied.shape,
    fromStrides: order.map((i) => strides[i]!),
    toStrides: stridesOf(copied.shape),
  })
  const outer = sizeOf(x.shape.filter((_, i) => !reduced[i]))
  const length = sizeOf(x.shape.filter((_, i) => reduced[i]))
  return { x: copied, outer, length, inner: 1, shape, done: () => backend.disposeIntermediateTensorInfo(copied) }
}
