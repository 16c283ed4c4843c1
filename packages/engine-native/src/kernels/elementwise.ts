/** Functions of one and two elements, casts, fills. */
import * as tf from '@tricklab/core/tf'
import { addonFunctions, type Values } from '../addon.ts'
import { type NativeBackend, sizeOf } from '../backend.ts'
import type { Numbers, Storage } from '../storage.ts'
import { mostAxes, scratch } from './geometry.ts'
import { allFloat, nativeKernel } from './register.ts'

interface ElementwiseAddon {
  unary(op: number, x: Numbers, count: number, first: number, second: number, y: Numbers): void
  binary(
    op: number, a: Numbers, b: Numbers, shapes: Int32Array, rank: number, count: number, out: Numbers,
  ): void // biome-ignore format: one line
  compareFloats(
    op: number, a: Float32Array, b: Float32Array, shapes: Int32Array, rank: number, count: number, out: Uint8Array,
  ): void // biome-ignore format: one line
  compareInts(
    op: number, a: Int32Array, b: Int32Array, shapes: Int32Array, rank: number, count: number, out: Uint8Array,
  ): void // biome-ignore format: one line
  fill(y: Float32Array, count: number, value: number): void
  addAll(arrays: Numbers[], count: number, y: Numbers): void
  select(condition: Uint8Array, a: Values, b: Values, count: number, y: Values): void
  intToFloat(x: Int32Array, count: number, y: Float32Array): void
  byteToFloat(x: Uint8Array, count: number, y: Float32Array): void
  floatToInt(x: Float32Array, count: number, y: Int32Array): void
  floatToBool(x: Float32Array, count: number, y: Uint8Array): void
}

/** In the order of `Unary` in native/elementwise/unary.h. */
const unaryNames = [
  'Abs', 'Neg', 'Square', 'Sqrt', 'Rsqrt', 'Reciprocal', 'Exp', 'Expm1', 'Log', 'Log1p', 'Tanh', 'Sigmoid', 'Softplus',
  'Relu', 'Relu6', 'Elu', 'Selu', 'Sign', 'Floor', 'Ceil', 'Round', 'Step', 'ClipByValue', 'LeakyRelu',
  'LeakyReluOffset',
] as const // biome-ignore format: a list

type UnaryName = (typeof unaryNames)[number]

/** Number of a unary operation for the addon. */
export const unaryOp = (name: UnaryName) => unaryNames.indexOf(name)

/** In the order of `Binary` in native/elementwise/binary.h. */
const binaryNames = [
  'Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'Pow', 'Prelu', 'EluGrad', 'ReluGrad',
  'AddRelu',
] as const // biome-ignore format: a list

const comparisonNames = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'] as const

/** Registers every kernel of this topic. */
export function registerElementwise(): void {
  const addon = addonFunctions<ElementwiseAddon>()
  registerUnary(addon)
  registerBinary(addon)
  registerComparisons(addon)
  registerFills(addon)
  registerCast(addon)
}

function registerUnary(addon: ElementwiseAddon): void {
  const register = <Attrs>(name: UnaryName, parameters: (attrs: Attrs) => [number, number]) => {
    const op = unaryOp(name)
    nativeKernel<Attrs>(name, ({ inputs, attrs, backend, stock }) => {
      const x = inputs.x!
      if (x.dtype !== 'float32') return stock()
      const storage = name === 'Relu' ? backend.storage(x) : 'float32'
      const y = backend.output(x.shape, 'float32', storage)
      addon.unary(op, backend.numbers(x, storage), sizeOf(x.shape), ...parameters(attrs), backend.numbers(y))
      return y
    })
  }
  const none = (): [number, number] => [0, 0]
  for (const name of unaryNames.slice(0, unaryOp('Step'))) register(name, none)
  register<tf.StepAttrs>('Step', ({ alpha }) => [alpha, 0])
  register<tf.LeakyReluAttrs>('LeakyRelu', ({ alpha }) => [alpha, 0])
  register<tf.ClipByValueAttrs>('ClipByValue', ({ clipValueMin, clipValueMax }) => [clipValueMin, clipValueMax])
}

/** How two shapes meet: the result's shape, and the addon's code for it (with `scratch` filled where it needs shapes). */
function meet(a: number[], b: number[]): { shape: number[]; rank: number } | undefined {
  if (tf.util.arraysEqual(a, b)) return { shape: a, rank: -1 }
  if (b.length <= a.length && b.every((length) => length === 1)) return { shape: a, rank: -3 }
  if (a.length <= b.length && a.every((length) => length === 1)) return { shape: b, rank: -2 }
  const shape = tf.backend_util.assertAndGetBroadcastShape(a, b)
  const rank = shape.length
  if (rank > mostAxes) return undefined
  for (let axis = 0; axis < rank; axis++) {
    scratch[axis] = a[axis - rank + a.length] ?? 1
    scratch[rank + axis] = b[axis - rank + b.length] ?? 1
  }
  return { shape, rank }
}

/** How the result of a binary kernel is stored: as bf16 where both sides are, and in the pass of an activation. */
function storageOf(name: string, backend: NativeBackend, a: tf.TensorInfo, b: tf.TensorInfo): Storage {
  const [left, right] = [backend.storage(a), backend.storage(b)]
  if (name === 'ReluGrad') return right
  return (name === 'Add' || name === 'AddRelu') && left === right ? left : 'float32'
}

function registerBinary(addon: ElementwiseAddon): void {
  for (const [op, name] of binaryNames.entries()) {
    // ReluGrad and EluGrad name their inputs otherwise; LeakyReluOffsetGrad and AddRelu are with the fused kernels.
    const [left, right] =
      name === 'EluGrad' || name === 'ReluGrad' ? ['dy', 'y'] : name === 'Prelu' ? ['x', 'alpha'] : ['a', 'b']
    nativeKernel(name, ({ inputs, backend, stock }) => {
      const a = inputs[left]!
      const b = inputs[right]!
      const met = allFloat(a, b) ? meet(a.shape, b.shape) : undefined
      if (met === undefined) return stock()
      const { shape, rank } = met
      const storage = storageOf(name, backend, a, b)
      const out = backend.output(shape, 'float32', storage)
      const [from, by] = [backend.numbers(a, storage), backend.numbers(b, storage)]
      addon.binary(op, from, by, scratch, rank, sizeOf(shape), backend.numbers(out))
      return out
    })
  }
}

function registerComparisons(addon: ElementwiseAddon): void {
  for (const [op, name] of comparisonNames.entries()) {
    nativeKernel(name, ({ inputs, backend, stock }) => {
      const a = inputs.a!
      const b = inputs.b!
      const known = a.dtype === b.dtype && (a.dtype === 'float32' || a.dtype === 'int32')
      const met = known ? meet(a.shape, b.shape) : undefined
      if (met === undefined) return stock()
      const { shape, rank } = met
      const out = backend.output(shape, 'bool')
      const size = sizeOf(shape)
      if (a.dtype === 'float32') {
        addon.compareFloats(op, backend.floats(a), backend.floats(b), scratch, rank, size, backend.bytes(out))
      } else {
        addon.compareInts(op, backend.ints(a), backend.ints(b), scratch, rank, size, backend.bytes(out))
      }
      return out
    })
  }
}

function registerFills(addon: ElementwiseAddon): void {
  const filled = (backend: NativeBackend, shape: number[], value: number) => {
    const y = backend.output(shape)
    addon.fill(backend.floats(y), sizeOf(shape), value)
    return y
  }
  nativeKernel<tf.FillAttrs>('Fill', ({ attrs, backend, stock }) => {
    const { shape, value, dtype } = attrs
    const isFloat = dtype === 'float32' || (dtype === undefined && typeof value === 'number')
    return isFloat ? filled(backend, shape, value as number) : stock()
  })
  nativeKernel('ZerosLike', ({ inputs, backend, stock }) =>
    inputs.x!.dtype === 'float32' ? filled(backend, inputs.x!.shape, 0) : stock(),
  )
  nativeKernel('OnesLike', ({ inputs, backend, stock }) =>
    inputs.x!.dtype === 'float32' ? filled(backend, inputs.x!.shape, 1) : stock(),
  )
  nativeKernel('AddN', ({ inputs, backend, stock }) => {
    const tensors = Object.values(inputs)
    if (!allFloat(...tensors)) return stock()
    const { shape } = tensors[0]!
    const storage = tensors.every((x) => backend.storage(x) === 'bf16') ? 'bf16' : 'float32'
    const y = backend.output(shape, 'float32', storage)
    const numbers = tensors.map((x) => backend.numbers(x, storage))
    addon.addAll(numbers, sizeOf(shape), backend.numbers(y))
    return y
  })
  nativeKernel('Select', ({ inputs, backend, stock }) => {
    const { condition, t, e } = inputs as { condition: tf.TensorInfo; t: tf.TensorInfo; e: tf.TensorInfo }
    const served =
      condition.dtype === 'bool' && allFloat(t, e) && tf.util.arraysEqual(condition.shape, t.shape) &&
      tf.util.arraysEqual(t.shape, e.shape) // biome-ignore format: one thought
    if (!served) return stock()
    const y = backend.output(t.shape)
    addon.select(backend.bytes(condition), backend.floats(t), backend.floats(e), sizeOf(t.shape), backend.floats(y))
    return y
  })
}

function registerCast(addon: ElementwiseAddon): void {
  // The cpu backend only renames where no value would change; other kernels here want the real type.
  nativeKernel<tf.CastAttrs>('Cast', ({ inputs, attrs, backend, stock }) => {
    const x = inputs.x!
    const to = attrs.dtype
    if (x.dtype === to && (to === 'float32' || to === 'int32' || to === 'bool')) return backend.view(x, x.shape)
    const size = sizeOf(x.shape)
    if (to === 'float32' && x.dtype === 'int32') {
      const y = backend.output(x.shape)
      addon.intToFloat(backend.ints(x), size, backend.floats(y))
      return y
    }
    if (to === 'float32' && x.dtype === 'bool') {
      const y = backend.output(x.shape)
      addon.byteToFloat(backend.bytes(x), size, backend.floats(y))
      return y
    }
    if (to === 'int32' && x.dtype === 'float32') {
      const y = backend.output(x.shape, 'int32')
      addon.floatToInt(backend.floats(x), size, backend.ints(y))
      return y
    }
    if (to === 'bool' && x.dtype === 'float32') {
      const y = backend.output(x.shape, 'bool')
      addon.floatToBool(backend.floats(x), size, backend.bytes(y))
      return y
    }
    if (to === 'int32' && x.dtype === 'bool') {
      const y = backend.output(x.shape, 'int32')
      backend.ints(y).set(backend.bytes(x))
      return y
    }
    return stock()
  })
}
