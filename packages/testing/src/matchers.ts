/** Importing this file adds `toBeAllClose` to vitest's `expect`. */
import { expect } from 'vitest'
import { type Comparable, compare, type Tolerance } from './close.ts'

interface TricklabMatchers<R = unknown> {
  /** Every element is within `atol + rtol · |expected|`; shapes are equal where both sides have one. */
  toBeAllClose(expected: Comparable, tolerance?: Tolerance): R
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: must repeat vitest's own declaration
  interface Assertion<T = any> extends TricklabMatchers<T> {}
  interface AsymmetricMatchersContaining extends TricklabMatchers {}
}

expect.extend({
  toBeAllClose(received: Comparable, expected: Comparable, tolerance?: Tolerance) {
    const { close, message } = compare(received, expected, tolerance)
    return { pass: close, message: () => message }
  },
})
