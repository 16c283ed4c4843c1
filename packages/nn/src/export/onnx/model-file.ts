/** Messages of onnx.proto3, by the field numbers that stand there. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
import { bytesField, type Field, floatField, intField, message } from '@tricklab/core/protobuf'

/** What an attribute of a node may be. Numbers are whole; floats say so. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number }

export interface OnnxNode {
  readonly op: string
  /** The layer of the model, for viewers. */
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: { readonly [name: string]: OnnxAttribute }
}

export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

/** A tensor of any batch size: a name stands for a size that is not fixed. */
export interface OnnxValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}

/** Opset 13 is of 2021, and all that networks of convolutions need. */
const opset = 13
const irVersion = 7

const dataType = { float: 1, int64: 7 } as const
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const

/** ModelProto, as the chunks of a file. */
export function encodeOnnx(graph: OnnxGraph, metadata: { readonly [key: string]: string }): Uint8Array[] {
  return message(
    intField(1, irVersion),
    bytesField(2, 'tricklab'),
    bytesField(7, encodeGraph(graph)),
    bytesField(8, message(intField(2, opset))),
    ...Object.entries(metadata).map(([key, value]) =>
      bytesField(14, message(bytesField(1, key), bytesField(2, value))),
    ),
  )
}

/** GraphProto */
function encodeGraph({ nodes, initializers, inputs, outputs }: OnnxGraph): Uint8Array[] {
  return message(
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    bytesField(2, 'network'),
    ...initializers.map((tensor) => bytesField(5, encodeTensor(tensor))),
    ...inputs.map((value) => bytesField(11, encodeValue(value))),
    ...outputs.map((value) => bytesField(12, encodeValue(value))),
  )
}

/** NodeProto */
function encodeNode({ op, name, inputs, outputs, attributes }: OnnxNode): Uint8Array[] {
  return message(
    ...inputs.map((input) => bytesField(1, input)),
    ...outputs.map((output) => bytesField(2, output)),
    bytesField(3, name),
    bytesField(4, op),
    ...Object.entries(attributes).map(([key, value]) => bytesField(5, encodeAttribute(key, value))),
  )
}

/** AttributeProto */
function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array[] {
  const head = bytesField(1, name)
  const typed = (type: number, ...fields: Field[]) => message(head, ...fields, intField(20, type))
  if (typeof value === 'number') return typed(attributeType.int, intField(3, value))
  if (typeof value === 'string') return typed(attributeType.string, bytesField(4, value))
  if ('float' in value) return typed(attributeType.float, floatField(2, value.float))
  return typed(attributeType.ints, ...value.map((item) => intField(8, item)))
}

/** TensorProto */
function encodeTensor({ name, shape, data }: OnnxTensor): Uint8Array[] {
  return message(
    ...shape.map((size) => intField(1, size)),
    intField(2, data instanceof Float32Array ? dataType.float : dataType.int64),
    bytesField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  )
}

/** ValueInfoProto of floats */
function encodeValue({ name, shape }: OnnxValue): Uint8Array[] {
  const sizes = shape.map((size) =>
    bytesField(1, message(typeof size === 'number' ? intField(1, size) : bytesField(2, size))),
  )
  const tensorType = message(intField(1, dataType.float), bytesField(2, message(...sizes)))
  return message(bytesField(1, name), bytesField(2, message(bytesField(1, tensorType))))
}
