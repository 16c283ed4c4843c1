import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { NamedParam } from '../contracts.ts'
import * as tf from '../tf.ts'
import { GradientGroup } from './gradient-group.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const paths = ['a', 'b', 'c']
const paramsOf = (names: readonly string[]) =>
  names.map((path) => ({ path, role: 'weight' as const, value: undefined as never }) satisfies NamedParam)

const batches = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 64 }),
    gradients: fc.array(fc.option(fc.double({ min: -10, max: 10, noNaN: true }), { nil: null }), {
      minLength: 3,
      maxLength: 3,
    }),
  }),
  { minLength: 1, maxLength: 6 },
)

test('gives the mean over all samples; what took no part in a batch counts as 0, and in none is left out', () => {
  fc.assert(
    fc.property(batches, (given) => {
      const before = tf.memory().numTensors
      const group = new GradientGroup()
      for (const { size, gradients } of given) {
        const present = paths.filter((_, index) => gradients[index] !== null)
        group.add(
          paramsOf(present),
          present.map((path) => tf.scalar(gradients[paths.indexOf(path)]!)),
          size,
        )
      }
      const samples = given.reduce((sum, { size }) => sum + size, 0)
      expect(group.size).toBe(samples)
      const { params, gradients } = group.take(paramsOf(paths))
      const named = paths.filter((_, index) => given.some((batch) => batch.gradients[index] !== null))
      expect(params.map(({ path }) => path)).toEqual(named)
      for (const [index, path] of named.entries()) {
        const place = paths.indexOf(path)
        const mean = given.reduce((sum, batch) => sum + batch.size * (batch.gradients[place] ?? 0), 0) / samples
        expect(Math.abs(gradients[index]!.dataSync()[0]! - mean)).toBeLessThan(1e-5)
      }
      expect(group.size).toBe(0)
      tf.dispose(gradients)
      expect(tf.memory().numTensors).toBe(before)
    }),
  )
})

test('hands a single gradient over as it came', () => {
  const group = new GradientGroup()
  const gradient = tf.tensor1d([0.1, 0.2])
  group.add(paramsOf(['a']), [gradient], 3)
  expect(group.take(paramsOf(paths)).gradients).toEqual([gradient])
  gradient.dispose()
})
