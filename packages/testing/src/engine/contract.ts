import * as tf from '@tricklab/core/tf'
import { type EngineName, type EngineOptions, prepareEngine } from '@tricklab/engine'
import { describe, expect, test } from 'vitest'
import { relativeError, sameBits } from './fused.ts'
import { gradientCases, runGradientCase } from './gradient-cases.ts'

export interface EngineSpec {
  /** Largest difference, relative to the largest number of a result; default 1e-4. */
  readonly tolerance?: number
  /** How the engine is prepared. */
  readonly options?: EngineOptions
}

/**
 * Declares the tests of an engine: values and gradients of operations that training needs are those of `cpu`, the same bits
 * come out again, and no tensor is left over.
 */
export function engineContract(engine: EngineName, { tolerance = 1e-4, options = {} }: EngineSpec = {}): void {
  describe(`engine "${engine}"`, () => {
    test.each(gradientCases)('$name: values and gradients as on cpu', async (one) => {
      await prepareEngine('cpu')
      const expected = await runGradientCase(one)
      await prepareEngine(engine, options)
      const before = tf.memory().numTensors
      const actual = await runGradientCase(one)
      const again = await runGradientCase(one)
      for (const [i, values] of actual.entries()) expect(sameBits(values, again[i]!)).toBe(true)
      expect(tf.memory().numTensors).toBe(before)
      for (const [i, values] of actual.entries()) {
        expect(relativeError(values, expected[i]!), i === 0 ? 'value' : `gradient ${i}`).toBeLessThan(tolerance)
      }
    })
  })
}
