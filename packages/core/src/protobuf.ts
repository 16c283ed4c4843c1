/**
 * As much of the protocol buffers' encoding as ONNX and TensorBoard need: a message is a list of fields, each a number, its
 * kind, and bytes. https://protobuf.dev/programming-guides/encoding
 */

/** A field of a message, ready to be joined. */
export type Field = readonly Uint8Array[]

/** A message or string within a message. */
export function bytesField(field: number, content: readonly Uint8Array[] | Uint8Array | string): Field {
  const parts =
    typeof content === 'string'
      ? [new TextEncoder().encode(content)]
      : content instanceof Uint8Array
        ? [content]
        : content
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [varint((field << 3) | 2), varint(length), ...parts]
}

/** A whole number; negative ones take ten bytes, as the format has it. */
export function intField(field: number, value: number): Field {
  return [varint(field << 3), varint(value)]
}

export function floatField(field: number, value: number): Field {
  return [varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]
}

export function doubleField(field: number, value: number): Field {
  return [varint((field << 3) | 1), new Uint8Array(Float64Array.of(value).buffer)]
}

/** Numbers of a repeated field, packed. */
export function doublesField(field: number, values: readonly number[]): Field {
  return bytesField(field, new Uint8Array(Float64Array.from(values).buffer))
}

/** Fields of a message in order. */
export function message(...fields: readonly Field[]): Uint8Array[] {
  return fields.flat()
}

function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
