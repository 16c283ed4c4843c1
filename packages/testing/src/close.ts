import * as tf from '@tricklab/core/tf'

/** Numbers nested to any depth, all rows of a level equally long. */
export type NestedNumbers = number | readonly NestedNumbers[]

/** Numbers in a shape, such as the reference loops return. */
export interface ShapedNumbers {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** What can be compared: tensors, reference results, typed arrays (flat, of any shape) and nested arrays. */
export type Comparable = tf.Tensor | ShapedNumbers | ArrayLike<number> | NestedNumbers

export interface Tolerance {
  /** Relative to the expected value; default 1e-5. */
  readonly rtol?: number
  /** Absolute; default 1e-6. */
  readonly atol?: number
}

/** How two sets of numbers compare. */
export interface Comparison {
  readonly close: boolean
  /** In words: shapes that differ, or the worst element and its index. */
  readonly message: string
}

/**
 * Compares element by element: `|received − expected| ≤ atol + rtol · |expected|`. Infinities must be equal, and NaN
 * is close to NaN alone.
 */
export function compare(
  received: Comparable,
  expected: Comparable,
  { rtol = 1e-5, atol = 1e-6 }: Tolerance = {},
): Comparison {
  const [left, right] = [readNumbers(received), readNumbers(expected)]
  const shapesDiffer = left.shape !== undefined && right.shape !== undefined && left.shape.join() !== right.shape.join()
  if (shapesDiffer || left.data.length !== right.data.length) {
    return { close: false, message: `expected ${describeShape(right)}, received ${describeShape(left)}` }
  }
  let worst = { index: -1, excess: 0 }
  let failures = 0
  for (let index = 0; index < right.data.length; index++) {
    const excess = excessOf(left.data[index]!, right.data[index]!, rtol, atol)
    if (excess > 0) failures += 1
    if (excess > worst.excess) worst = { index, excess }
  }
  if (failures === 0) return { close: true, message: `all ${right.data.length} elements are close` }
  const place = formatIndex(worst.index, right.shape ?? left.shape)
  const [a, b] = [left.data[worst.index]!, right.data[worst.index]!]
  return {
    close: false,
    message:
      `${failures} of ${right.data.length} elements are not close; the worst is ${place}: received ${a}, ` +
      `expected ${b} (difference ${Math.abs(a - b)}, allowed ${atol + rtol * Math.abs(b)})`,
  }
}

/** By how much an element is off, in units of what is allowed; 0 for a close one. */
function excessOf(received: number, expected: number, rtol: number, atol: number): number {
  if (Object.is(received, expected) || received === expected) return 0
  const difference = Math.abs(received - expected)
  const allowed = atol + rtol * Math.abs(expected)
  if (difference <= allowed && Number.isFinite(expected)) return 0
  return Number.isFinite(difference) ? Math.min(difference / allowed, Number.MAX_VALUE) : Number.POSITIVE_INFINITY
}

interface Numbers {
  /** Undefined for typed arrays, which may stand for any shape. */
  readonly shape: readonly number[] | undefined
  readonly data: ArrayLike<number>
}

function readNumbers(value: Comparable): Numbers {
  if (value instanceof tf.Tensor) return { shape: value.shape, data: value.dataSync() }
  if (ArrayBuffer.isView(value)) return { shape: undefined, data: value as unknown as ArrayLike<number> }
  if (typeof value === 'object' && 'shape' in value) return value
  const shape: number[] = []
  for (let level = value as NestedNumbers; Array.isArray(level); level = level[0] as NestedNumbers) {
    shape.push(level.length)
    if (level.length === 0) break
  }
  return { shape, data: ([value] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[] }
}

function describeShape({ shape, data }: Numbers): string {
  return shape === undefined ? `${data.length} numbers` : `shape [${shape.join(', ')}]`
}

function formatIndex(index: number, shape: readonly number[] | undefined): string {
  if (shape === undefined) return `[${index}]`
  const indices: number[] = []
  let rest = index
  for (const length of [...shape].reverse()) {
    indices.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return `[${indices.join(', ')}]`
}
