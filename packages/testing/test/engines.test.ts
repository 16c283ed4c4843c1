import { localEngines } from '@tricklab/engine/local-engines'
import { expect, test } from 'vitest'
import { engineContract, relativeError } from '../src/index.ts'

for (const engine of localEngines) if (engine !== 'cpu') engineContract(engine, { tolerance: 2e-5 })

test('the comparison sees a wrong value, a missing value and a NaN', () => {
  expect(relativeError([1, 2], [1, 2])).toBe(0)
  expect(relativeError([1, 2.2], [1, 2])).toBeCloseTo(0.1)
  expect(relativeError([1], [1, 2])).toBe(Number.POSITIVE_INFINITY)
  expect(relativeError([Number.NaN, 2], [1, 2])).toBe(Number.POSITIVE_INFINITY)
})
