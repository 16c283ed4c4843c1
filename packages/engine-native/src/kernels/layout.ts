/** Transposes, slices, pads, concatenations, tiles, gathers. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions, type Values } from '../addon.ts'
import { type NativeBackend, type NativeType, sizeOf } from '../backend.ts'
import { elementsOf, mostAxes, scratch, stridesOf } from './geometry.ts'
import { type KernelCall, nativeKernel } from './register.ts'

interface LayoutAddon {
  copyBox(
    from: Values, fromStart: number, to: Values, toStart: number, axes: number, boxes: Int32Array, bytes: number,
  ): void // biome-ignore format: one line
  gather(
    x: Values, index: Int32Array, outer: number, length: number, count: number, inner: number, bytes: number, out: Values,
  ): void // biome-ignore format: one line
  segmentSum(x: Float32Array, ids: Int32Array, count: number, inner: number, segments: number, out: Float32Array): void
  mirrorAxis(
    x: Values, outer: number, length: number, inner: number, before: number, after: number, symmetric: number,
    bytes: number, out: Values,
  ): void // biome-ignore format: one line
}

/** A copy between two arrays that are walked with different strides. */
export interface BoxCopy {
  from: Values
  to: Values
  size: readonly number[]
  fromStrides: readonly number[]
  toStrides: readonly number[]
  fromStart?: number
  toStart?: number
}

/** Copies a box of elements; at most `mostAxes` axes. */
export function copyBox({ from, to, size, fromStrides, toStrides, fromStart = 0, toStart = 0 }: BoxCopy): void {
  const axes = size.length
  for (let axis = 0; axis < axes; axis++) {
    scratch[axis] = size[axis]!
    scratch[axes + axis] = fromStrides[axis]!
    scratch[2 * axes + axis] = toStrides[axis]!
  }
  addonFunctions<LayoutAddon>().copyBox(from, fromStart, to, toStart, axes, scratch, from.BYTES_PER_ELEMENT)
}

/** Registers every kernel of this topic. */
export function registerLayout(): void {
  registerTranspose()
  registerSlices()
  registerPads()
  registerConcat()
  registerTile()
  registerGather()
}

/** Registers a kernel that moves elements of input `x` of any plain type; other types and high ranks stay stock. */
function mover<Attrs>(
  name: string,
  run: (call: KernelCall<Attrs>, x: tf.TensorInfo) => tf.TensorInfo | tf.TensorInfo[],
) {
  nativeKernel<Attrs>(name, (call) => {
    const x = call.inputs.x ?? call.inputs.value!
    const plain = x.dtype === 'float32' || x.dtype === 'int32' || x.dtype === 'bool'
    return plain && x.shape.length <= mostAxes ? run(call, x) : call.stock()
  })
}

const outputLike = (backend: NativeBackend, x: tf.TensorInfo, shape: number[]) =>
  backend.output(shape, x.dtype as NativeType)

/** A new tensor of the shape, filled with elements of `x` from `fromStart` on in steps of `fromStrides`. */
function pick(
  backend: NativeBackend,
  x: tf.TensorInfo,
  shape: number[],
  fromStrides: number[],
  fromStart = 0,
): tf.TensorInfo {
  const out = outputLike(backend, x, shape)
  const [from, to] = [elementsOf(backend, x)!, elementsOf(backend, out)!]
  copyBox({ from, to, size: shape, fromStrides, toStrides: stridesOf(shape), fromStart })
  return out
}

function registerTranspose(): void {
  mover<tf.TransposeAttrs>('Transpose', ({ attrs, backend }, x) => {
    const strides = stridesOf(x.shape)
    const shape = attrs.perm.map((axis) => x.shape[axis]!)
    return pick(
      backend,
      x,
      shape,
      attrs.perm.map((axis) => strides[axis]!),
    )
  })
  mover<tf.ReverseAttrs>('Reverse', ({ attrs, backend }, x) => {
    const axes = tf.util.parseAxisParam(attrs.dims, x.shape)
    const strides = stridesOf(x.shape)
    let start = 0
    for (const axis of new Set(axes)) {
      start += Math.max(0, x.shape[axis]! - 1) * strides[axis]!
      strides[axis] = -strides[axis]!
    }
    return pick(backend, x, x.shape, strides, sizeOf(x.shape) === 0 ? 0 : start)
  })
}

function slice(backend: NativeBackend, x: tf.TensorInfo, begin: readonly number[], size: number[]): tf.TensorInfo {
  const strides = stridesOf(x.shape)
  const start = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)
  return pick(backend, x, size, strides, start)
}

function registerSlices(): void {
  mover<tf.SliceAttrs>('Slice', ({ attrs, backend }, x) => {
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size)
    tf.slice_util.assertParamsValid(x as tf.Tensor, begin!, size!)
    return slice(backend, x, begin!, size!)
  })
  mover<tf.SplitVAttrs>('SplitV', ({ attrs, backend }, x) => {
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!
    const begin = x.shape.map(() => 0)
    return tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis).map((length) => {
      const part = slice(
        backend,
        x,
        begin,
        x.shape.map((whole, i) => (i === axis ? length : whole)),
      )
      begin[axis]! += length
      return part
    })
  })
  mover<tf.UnpackAttrs>('Unpack', ({ attrs, backend }, x) => {
    const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis
    const shape = x.shape.filter((_, i) => i !== axis)
    const strides = stridesOf(x.shape)
    const kept = strides.filter((_, i) => i !== axis)
    return Array.from({ length: x.shape[axis]! }, (_, i) => pick(backend, x, shape, kept, i * strides[axis]!))
  })
}

function registerPads(): void {
  mover<tf.PadV2Attrs>('PadV2', ({ attrs, backend, stock }, x) => {
    const { paddings, constantValue } = attrs
    if (paddings.some(([before, after]) => before < 0 || after < 0)) return stock()
    const shape = x.shape.map((length, i) => paddings[i]![0] + length + paddings[i]![1])
    const out = outputLike(backend, x, shape)
    const [from, to] = [elementsOf(backend, x)!, elementsOf(backend, out)!]
    to.fill(constantValue)
    const toStrides = stridesOf(shape)
    const toStart = paddings.reduce((sum, [before], axis) => sum + before * toStrides[axis]!, 0)
    if (from.length > 0) copyBox({ from, to, size: x.shape, fromStrides: stridesOf(x.shape), toStrides, toStart })
    return out
  })
  mover<tf.MirrorPadAttrs>('MirrorPad', ({ attrs, backend, stock }, x) => {
    const { paddings, mode } = attrs
    if (sizeOf(x.shape) === 0) return stock()
    const addon = addonFunctions<LayoutAddon>()
    // One axis after the other; only padded ones cost a copy.
    let result = backend.view(x, x.shape)
    for (const [axis, [before, after]] of paddings.entries()) {
      if (before === 0 && after === 0) continue
      const { shape } = result
      const next = outputLike(
        backend,
        x,
        shape.map((length, i) => (i === axis ? before + length + after : length)),
      )
      const from = elementsOf(backend, result)!
      const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))]
      const symmetric = mode === 'symmetric' ? 1 : 0
      const bytes = from.BYTES_PER_ELEMENT
      const to = elementsOf(backend, next)!
      addon.mirrorAxis(from, outer, shape[axis]!, inner, before, after, symmetric, bytes, to)
      backend.disposeIntermediateTensorInfo(result)
      result = next
    }
    return result
  })
}

/** Lays tensors one after the other along an axis of `shape`; `parts` has each one's length along it. */
function join(backend: NativeBackend, tensors: tf.TensorInfo[], shape: number[], axis: number, parts: number[]) {
  const out = outputLike(backend, tensors[0]!, shape)
  const to = elementsOf(backend, out)!
  const toStrides = stridesOf(shape)
  let at = 0
  for (const [i, x] of tensors.entries()) {
    const size = shape.map((length, k) => (k === axis ? parts[i]! : length))
    const from = elementsOf(backend, x)!
    if (from.length > 0) {
      copyBox({ from, to, size, fromStrides: stridesOf(size), toStrides, toStart: at * toStrides[axis]! })
    }
    at += parts[i]!
  }
  return out
}

function registerConcat(): void {
  const served = (tensors: tf.TensorInfo[]) => {
    const { dtype, shape } = tensors[0]!
    const plain = dtype === 'float32' || dtype === 'int32' || dtype === 'bool'
    return plain && shape.length < mostAxes && tensors.every((x) => x.dtype === dtype)
  }
  nativeKernel<tf.ConcatAttrs>('Concat', ({ inputs, attrs, backend, stock }) => {
    const tensors = Object.values(inputs)
    if (!served(tensors)) return stock()
    const axis = tf.util.parseAxisParam(attrs.axis, tensors[0]!.shape)[0]!
    const shapes = tensors.map(({ shape }) => shape)
    tf.backend_util.assertParamsConsistent(shapes, axis)
    const shape = tf.backend_util.computeOutShape(shapes, axis)
    return join(
      backend,
      tensors,
      shape,
      axis,
      shapes.map((one) => one[axis]!),
    )
  })
  nativeKernel<tf.PackAttrs>('Pack', ({ inputs, attrs, backend, stock }) => {
    const tensors = Object.values(inputs)
    const { shape } = tensors[0]!
    if (!served(tensors) || !tensors.every((x) => tf.util.arraysEqual(x.shape, shape))) return stock()
    const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis
    const whole = [...shape.slice(0, axis), tensors.length, ...shape.slice(axis)]
    return join(
      backend,
      tensors,
      whole,
      axis,
      tensors.map(() => 1),
    )
  })
}

function registerTile(): void {
  mover<tf.TileAttrs>('Tile', ({ attrs, backend, stock }, x) => {
    const { reps } = attrs
    const rank = x.shape.length
    if (reps.length !== rank || 2 * rank > mostAxes) return stock()
    // Every axis becomes [repeat, length], and the repeats read the same elements.
    const strides = stridesOf(x.shape)
    const shape = x.shape.map((length, axis) => length * reps[axis]!)
    const out = outputLike(backend, x, shape)
    const toStrides = stridesOf(shape)
    copyBox({
      from: elementsOf(backend, x)!,
      to: elementsOf(backend, out)!,
      size: x.shape.flatMap((length, axis) => [reps[axis]!, length]),
      fromStrides: strides.flatMap((stride) => [0, stride]),
      toStrides: toStrides.flatMap((stride, axis) => [stride * x.shape[axis]!, stride]),
    })
    return out
  })
}

function registerGather(): void {
  const addon = addonFunctions<LayoutAddon>()
  mover<tf.GatherV2Attrs>('GatherV2', ({ inputs, attrs, backend, stock }, x) => {
    const indices = inputs.indices!
    if (attrs.batchDims !== 0 || indices.dtype !== 'int32') return stock()
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!
    const length = x.shape[axis]!
    const index = backend.ints(indices)
    // Checked here: out of range is an error, not a row of zeros.
    if (!index.every((at) => at >= 0 && at < length)) return stock()
    const before = x.shape.slice(0, axis)
    const after = x.shape.slice(axis + 1)
    const out = outputLike(backend, x, [...before, ...indices.shape, ...after])
    const from = elementsOf(backend, x)!
    const [outer, inner] = [sizeOf(before), sizeOf(after)]
    const to = elementsOf(backend, out)!
    addon.gather(from, index, outer, length, index.length, inner, from.BYTES_PER_ELEMENT, to)
    return out
  })
  nativeKernel<tf.UnsortedSegmentSumAttrs>('UnsortedSegmentSum', ({ inputs, attrs, backend, stock }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo }
    if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1) return stock()
    const [count = 0, ...rest] = x.shape
    const out = backend.output([attrs.numSegments, ...rest])
    const ids = backend.ints(segmentIds)
    addon.segmentSum(backend.floats(x), ids, count, sizeOf(rest), attrs.numSegments, backend.floats(out))
    return out
  })
}
