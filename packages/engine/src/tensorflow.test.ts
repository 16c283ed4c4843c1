import * as tf from '@tricklab/core/tf'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTrainingStep } from './doctor/training-step.ts'
import { prepareEngine } from './engine.ts'
import { gradientCases, relativeError, runGradientCase } from './gradient-cases.ts'
import { findTensorflow } from './tensorflow/layout.ts'

const installed = await findTensorflow()
const why = installed === undefined ? ': skipped, its binary is not installed here' : ''

describe.skipIf(installed === undefined)(`tensorflow${why}`, () => {
  beforeAll(async () => {
    const engine = await prepareEngine('tensorflow', { threads: 2 })
    expect(engine).toMatchObject({ name: 'tensorflow', backend: 'tensorflow', threads: 2 })
    expect(engine.version).toBe(installed?.version)
  })

  test.each(gradientCases)('$name: values and gradients as on cpu', async (one) => {
    await prepareEngine('cpu')
    const expected = await runGradientCase(one)
    await prepareEngine('tensorflow', { threads: 2 })
    const before = tf.memory().numTensors
    const actual = await runGradientCase(one)
    expect(tf.memory().numTensors).toBe(before)
    for (const [i, values] of actual.entries()) expect(relativeError(values, expected[i] ?? [])).toBeLessThan(1e-4)
  })

  test('the same steps give the same bits', async () => {
    await prepareEngine('tensorflow', { threads: 2 })
    const run = async () => {
      const step = createTrainingStep()
      const losses: number[] = []
      for (let i = 0; i < 10; i++) losses.push(await step.run())
      step.dispose()
      return losses
    }
    expect(await run()).toEqual(await run())
  })

  test('another number of threads wants another process', async () => {
    await expect(prepareEngine('tensorflow', { threads: 1 })).rejects.toThrow(/\[E_OPTION_RANGE\].*threads 2/)
  })
})
