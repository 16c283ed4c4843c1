import { readFileSync } from 'node:fs'
import {
  type Block,
  type BlockContext,
  createRegistry,
  createRng,
  type Json,
  listParams,
  type Model,
  type NamedParam,
  type Rng,
  type Shape,
} from '@tricklab/core'
import type { ApplyContext, ParamTree } from '@tricklab/core/contracts'
import type { Problem } from '@tricklab/core/errors'
import { trainable } from '@tricklab/core/params'
import { createModel as createCoreModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { expect } from 'vitest'
import { nn } from '../src/index.ts'

/** The plugin's components, built as a recipe builds them. */
export const registry = createRegistry([nn])

/** A block by name, with defaults for the context. */
export function createBlock(name: string, context: Partial<BlockContext> = {}, options: object = {}): Block {
  const { use } = registry.normalize('block', { use: name, ...options }, 'test')
  return registry.create('block', use, {
    inputChannels: 2,
    outputChannels: 3,
    stride: 1,
    kernelSize: 3,
    activate: true,
    init: createRng(1),
    ...context,
  })
}

/** A model by name, with a block of this name in its slot, or with these slots. */
export function createModel(
  name: string,
  settings: {
    block?: string
    slots?: Record<string, Json>
    options?: object
    imageShape?: Shape
    classes?: number
    seed?: number
    init?: Rng
  } = {},
): Model {
  const { block, options = {}, imageShape = [28, 28, 1], classes = 10, seed = 1 } = settings
  const init = settings.init ?? createRng(seed).scope('init')
  const slots = settings.slots ?? (block === undefined ? {} : { block })
  const problems: Problem[] = []
  const normal = normalizeModel({ use: name, ...options, slots }, registry, 'test', problems)
  expect(problems).toEqual([])
  return createCoreModel(registry, normal, { imageShape, classes, init })
}

export function contextOf(training: boolean): ApplyContext {
  return { training, rng: createRng(0) }
}

/** A stored result of PyTorch; `command` in it says how it was made. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8')) as T
}

/** `center + scale · sin(0.7·i² + phase)`: the formula of `golden/fill.py`. */
export function chirp<R extends tf.Rank = tf.Rank>(
  shape: readonly number[],
  phase: number,
  scale = 1,
  center = 0,
): tf.Tensor<R> {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, (_, i) => center + scale * Math.sin(0.7 * i * i + phase))
  return tf.tensor<R>(values, [...shape] as tf.ShapeMap[R])
}

/** Gives a parameter the value that `golden/fill.py` gives it. */
export function fillParam({ path, value }: NamedParam, phase: number): void {
  const leaf = path.split('/').at(-1)!
  const filled =
    leaf === 'weight'
      ? chirp(value.shape, phase, Math.sqrt(2 / value.shape.slice(0, -1).reduce((a, b) => a * b, 1)))
      : chirp(value.shape, phase, 0.2, leaf === 'gamma' || leaf === 'variance' ? 1 : 0)
  value.assign(filled)
  filled.dispose()
}

/** Values, and gradients by path, of a scalar or of `dy` times a tensor. */
export function differentiate(
  params: ParamTree,
  compute: () => tf.Scalar,
): { value: number; gradients: Record<string, Float32Array> } {
  const weights = trainable(listParams(params))
  const { value, grads } = tf.variableGrads(
    compute,
    weights.map((param) => param.value),
  )
  const gradients = weights.map(({ path, value }) => [path, grads[value.name]!.dataSync() as Float32Array] as const)
  const result = { value: value.dataSync()[0]!, gradients: Object.fromEntries(gradients) }
  tf.dispose([value, grads])
  return result
}

/** The largest deviation, relative to the larger of 1 and the expected value. */
export function deviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!))
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

/** Fails when `run` leaves tensors behind. */
export function expectNoLeak(run: () => void): void {
  const before = tf.memory().numTensors
  run()
  expect(tf.memory().numTensors - before).toBe(0)
}
