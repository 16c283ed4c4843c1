import type { Stream } from '@tricklab/core'
import type { Param } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import type { Initializer } from '../init.ts'

/** A parameter with drawn values. */
export function createParam(
  role: Param['role'],
  shape: readonly number[],
  initializer: Initializer,
  stream: Stream,
): Param {
  return fromValues(role, shape, initializer(shape, stream))
}

/** A parameter that starts as one number everywhere. */
export function createConstantParam(role: Param['role'], shape: readonly number[], value: number): Param {
  const size = shape.reduce((product, length) => product * length, 1)
  return fromValues(role, shape, new Float32Array(size).fill(value))
}

function fromValues(role: Param['role'], shape: readonly number[], values: Float32Array): Param {
  return { role, value: tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), role !== 'buffer')) }
}
