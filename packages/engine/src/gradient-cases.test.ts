import * as tf from '@tricklab/core/tf'
import { expect, test } from 'vitest'
import type { EngineName } from './driver.ts'
import { prepareEngine } from './engine.ts'
import { gradientCases, relativeError, runGradientCase } from './gradient-cases.ts'

const native = await prepareEngine('native').catch(() => undefined)
const engines = ['wasm', ...(native === undefined ? [] : ['native'])] as const
const cases = engines.flatMap((engine) => gradientCases.map((one) => ({ engine, name: one.name, one })))

test.each(cases)('$engine, $name: values and gradients as on cpu', async ({ engine, one }) => {
  await prepareEngine('cpu')
  const expected = await runGradientCase(one)
  await prepareEngine(engine as EngineName)
  const before = tf.memory().numTensors
  const actual = await runGradientCase(one)
  expect(tf.memory().numTensors).toBe(before)
  for (const [i, values] of actual.entries()) expect(relativeError(values, expected[i] ?? [])).toBeLessThan(1e-4)
})

test('the comparison sees a wrong value, a missing value and a NaN', () => {
  expect(relativeError([1, 2], [1, 2])).toBe(0)
  expect(relativeError([1, 2.2], [1, 2])).toBeCloseTo(0.1)
  expect(relativeError([1], [1, 2])).toBe(Number.POSITIVE_INFINITY)
  expect(relativeError([Number.NaN, 2], [1, 2])).toBe(Number.POSITIVE_INFINITY)
})
