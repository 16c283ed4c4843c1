/**
 * The TF.js backend `native`. It keeps the cpu backend's records (values are typed arrays), so every kernel of that
 * backend works on it; the values of our own kernels lie in pooled native memory.
 */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import type * as tf from '@tricklab/core/tf'
import { addonFunctions, loadAddon } from './addon.ts'
import { type Block, BufferPool } from './pool.ts'
import { HalfRecord, type Numbers, type Storage, type Stored } from './storage.ts'

/** Functions of native/binding/storage.cc. */
interface StorageAddon {
  widen(halves: Uint16Array, count: number, floats: Float32Array): void
  narrow(floats: Float32Array, count: number, halves: Uint16Array): void
}

/** The cpu backend's record, and the block that its values lie in, if they do. */
interface DataRecord {
  values?: tf.backend_util.BackendValues
  dtype: tf.DataType
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo }
  refCount: number
  block?: Block
  /** The same numbers as bf16, where a kernel asked for them. */
  narrowed?: Stored<Uint16Array>
}

type DataId = tf.DataId

/** Element types that our kernels know. */
export type NativeType = 'float32' | 'int32' | 'bool'

export class NativeBackend extends MathBackendCPU {
  readonly pool: BufferPool
  readonly #addon: StorageAddon

  constructor() {
    super()
    const { functions, build } = loadAddon()
    this.#addon = addonFunctions<StorageAddon>()
    // Else the first tensor in Node prints an advertisement for tfjs-node.
    ;(this as unknown as { firstUse: boolean }).firstUse = false
    this.pool = new BufferPool(functions, { exact: build?.flags.includes('-fsanitize=address') ?? false })
  }

  /**
   * A new tensor for a kernel to fill; its values are undefined until then. One that is stored as bf16 is filled by way
   * of `numbers`.
   */
  output(shape: number[], dtype: NativeType = 'float32', storage: Storage = 'float32'): tf.TensorInfo {
    const size = sizeOf(shape)
    if (dtype === 'float32' && storage === 'bf16') {
      const record = new HalfRecord(this.#halves(size, shape), (halves) => this.#widened(halves, shape))
      return { dataId: this.#add(record as unknown as DataRecord), shape, dtype }
    }
    const bytes = dtype === 'bool' ? size : size * 4
    const block = this.#take(bytes, shape)
    const { buffer } = block
    const values =
      dtype === 'float32'
        ? new Float32Array(buffer, 0, size)
        : dtype === 'int32'
          ? new Int32Array(buffer, 0, size)
          : new Uint8Array(buffer, 0, size)
    return { dataId: this.#add({ values, dtype, refCount: 1, block }), shape, dtype }
  }

  /** The same data under another shape, shared until both are gone. */
  view(x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    this.incRef(x.dataId)
    return { dataId: x.dataId, shape, dtype: x.dtype }
  }

  /** Values of a float32 tensor, in place. */
  floats(x: tf.TensorInfo): Float32Array {
    const { values } = this.#record(x.dataId)
    if (values instanceof Float32Array) return values
    // The cpu backend's casts only rename: what it calls float32 may lie there as whole numbers.
    return this.#retype(x.dataId, Float32Array.from(values as Int32Array))
  }

  /** A new float32 tensor that is stored as another one is. */
  outputLike(x: tf.TensorInfo, shape = x.shape): tf.TensorInfo {
    return this.output(shape, 'float32', this.storage(x))
  }

  /** How a float32 tensor is stored. */
  storage(x: tf.TensorInfo): Storage {
    return this.#record(x.dataId) instanceof HalfRecord ? 'bf16' : 'float32'
  }

  /** Numbers of a float32 tensor as they are stored, or in another format; in place, if they are stored so. */
  numbers(x: tf.TensorInfo, storage = this.storage(x)): Numbers {
    if (storage === 'float32') return this.floats(x)
    const record: DataRecord | HalfRecord = this.#record(x.dataId)
    if (record instanceof HalfRecord) return record.halves
    record.narrowed ??= this.#narrowed(this.floats(x), x.shape)
    return record.narrowed.numbers
  }

  /** Values of an int32 tensor, in place. */
  ints(x: tf.TensorInfo): Int32Array {
    const { values } = this.#record(x.dataId)
    if (values instanceof Int32Array) return values
    return Int32Array.from(values as Uint8Array)
  }

  /** Values of a bool tensor, in place. */
  bytes(x: tf.TensorInfo): Uint8Array {
    const { values } = this.#record(x.dataId)
    if (values instanceof Uint8Array) return values
    return Uint8Array.from(values as Int32Array, (value) => (value ? 1 : 0))
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    // The caller may go on using its array, so tensors of any size are copied.
    const copy = isNumeric(values) ? this.#copy(values, shape, dtype) : undefined
    return this.#add(copy ?? { values, dtype, refCount: 1 })
  }

  override makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values?: tf.backend_util.BackendValues | string[],
  ): tf.TensorInfo {
    if (dtype === 'string' || !isNumeric(values)) return super.makeTensorInfo(shape, dtype, values)
    // A cpu kernel's result: its own array, or part of an input's, which may lie in a block.
    const record = this.pool.owns(values.buffer) ? this.#copy(values, shape, dtype) : undefined
    return { dataId: this.#add(record ?? { values, dtype, refCount: 1 }), shape, dtype }
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const copy = isNumeric(values) ? this.#copy(values, shape, dtype) : undefined
    this.data.set(dataId, { ...(copy ?? { values, dtype }), refCount } as never)
  }

  /** A copy wherever later kernels could change the values. */
  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const record: DataRecord | HalfRecord = this.#record(dataId)
    if (record instanceof HalfRecord) {
      const floats = new Float32Array(record.halves.length)
      this.#addon.widen(record.halves, floats.length, floats)
      return floats
    }
    const { values, block } = record
    if (block === undefined || !isNumeric(values)) return super.readSync(dataId)
    return values.slice()
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true
    const record: DataRecord | HalfRecord = this.#record(dataId)
    if (!super.disposeData(dataId, force)) return false
    if (record instanceof HalfRecord) {
      record.release((block) => this.pool.give(block))
      return true
    }
    if (record.narrowed !== undefined) {
      this.pool.give(record.narrowed.block)
      delete record.narrowed
    }
    if (record.block !== undefined) {
      this.pool.give(record.block)
      // Whoever kept the record finds nothing rather than another tensor's values.
      delete record.block
      delete record.values
    }
    return true
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    const { live, cached } = this.pool.statistics()
    // TF.js takes what it knows out of this object and hands the rest through.
    return { unreliable: false, reasons: [], nativeLiveBytes: live, nativePooledBytes: cached } as never
  }

  override dispose(): void {
    this.pool.trim()
  }

  #take(bytes: number, shape: readonly number[]): Block {
    return this.pool.take(bytes, () => `a tensor [${shape.join(', ')}]`)
  }

  #halves(size: number, shape: readonly number[]): Stored<Uint16Array> {
    const block = this.#take(size * 2, shape)
    return { numbers: new Uint16Array(block.buffer, 0, size), block }
  }

  #widened(halves: Uint16Array, shape: readonly number[]): Stored<Float32Array> {
    const block = this.#take(halves.length * 4, shape)
    const numbers = new Float32Array(block.buffer, 0, halves.length)
    this.#addon.widen(halves, numbers.length, numbers)
    return { numbers, block }
  }

  #narrowed(floats: Float32Array, shape: readonly number[]): Stored<Uint16Array> {
    const stored = this.#halves(floats.length, shape)
    this.#addon.narrow(floats, floats.length, stored.numbers)
    return stored
  }

  #record(dataId: DataId): DataRecord {
    return this.data.get(dataId) as unknown as DataRecord
  }

  #add(record: DataRecord): DataId {
    const dataId = {}
    this.data.set(dataId, record as never)
    return dataId
  }

  /** The values in a block, in the type that a tensor of this dtype has. */
  #copy(values: NumericValues, shape: readonly number[], dtype: tf.DataType): DataRecord | undefined {
    const Type = arrayTypes[dtype as NativeType]
    if (Type === undefined) return undefined
    const block = this.#take(values.length * Type.BYTES_PER_ELEMENT, shape)
    const copy = new Type(block.buffer, 0, values.length)
    copy.set(values)
    return { values: copy, dtype, refCount: 1, block }
  }

  #retype(dataId: DataId, values: Float32Array): Float32Array {
    const record = this.#record(dataId)
    // Only where the record is of the type asked for; a shared one keeps what its other tensors expect.
    if (record.dtype === 'float32' && record.block === undefined) record.values = values
    return values
  }
}

type NumericValues = Float32Array | Int32Array | Uint8Array

const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const

function isNumeric(values: unknown): values is NumericValues {
  return values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array
}

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const length of shape) size *= length
  return size
}
