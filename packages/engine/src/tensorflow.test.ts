import { engineContract } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTrainingStep } from './doctor/training-step.ts'
import { prepareEngine } from './engine.ts'
import { findTensorflow } from './tensorflow/layout.ts'

const installed = await findTensorflow()
const why = installed === undefined ? ': skipped, its binary is not installed here' : ''

describe.skipIf(installed === undefined)(`tensorflow${why}`, () => {
  beforeAll(async () => {
    const engine = await prepareEngine('tensorflow', { threads: 2 })
    expect(engine).toMatchObject({ name: 'tensorflow', backend: 'tensorflow', threads: 2 })
    expect(engine.version).toBe(installed?.version)
  })

  engineContract('tensorflow', { options: { threads: 2 } })

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
