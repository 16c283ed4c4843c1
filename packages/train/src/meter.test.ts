import type { FitInfo } from '@tricklab/core/contracts'
import { expect, test, vi } from 'vitest'
import { createMeter } from './meter.ts'
import type { ProgressEvent } from './progress.ts'
import type { OpenStage } from './stages.ts'

type Step = Extract<ProgressEvent, { kind: 'step' }>

/** The meter of one stage of 10 epochs of 10 training and 10 validation steps; `step` lets one take some seconds. */
function setUp() {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const steps: Step[] = []
  const source = { imageShape: [8, 8, 1], batches: () => 10 }
  const stage = { row: { recipe: { batchSize: 4 } }, source, epochs: 10 } as unknown as OpenStage
  const meter = createMeter('row seed 1', (event) => event.kind === 'step' && steps.push(event), [stage])
  meter.beforeFit!({ epochs: 10, firstEpoch: 0, stepsPerEpoch: 10, passes: 1, validSteps: 10 } as FitInfo)
  const hyper = undefined
  return {
    begin: (split: 'train' | 'valid', epoch = 0) => meter.beforeEpoch!({ epoch, split, index: 0 }),
    step(index: number, seconds: number, training = true, epoch = 0) {
      now += seconds * 1000
      meter.afterBatch!({ epoch, index, step: index, size: 4, training, loss: 1, hyper })
      return steps.at(-1)!
    },
  }
}

test('time left comes from the running time of steps: a suspended machine adds nothing to it', () => {
  const { begin, step } = setUp()
  begin('train')
  for (let index = 0; index < 4; index++) step(index, 1)
  const before = step(4, 1)
  // 10 epochs of 10 steps of a second; a validation step is taken to cost a third.
  expect(before.secondsLeft).toBeCloseTo(5 + 90 + 100 / 3)
  const after = step(5, 7200)
  expect(after.secondsLeft).toBeCloseTo(before.secondsLeft - 1)
  expect(after.imagesPerSecond).toBeCloseTo(4)
})

test('a suspension in the first step of an epoch is measured against the steps before it', () => {
  const { begin, step } = setUp()
  begin('train')
  for (let index = 0; index < 10; index++) step(index, 1)
  begin('valid')
  for (let index = 0; index < 10; index++) step(index, 0.5, false)
  begin('train', 1)
  expect(step(0, 7200, true, 1).secondsLeft).toBeCloseTo(9 + 80 + 9 * 5)
})

test('steps that are slow now and then count in full', () => {
  const { begin, step } = setUp()
  begin('train')
  for (let index = 0; index < 9; index++) step(index, index % 2 === 0 ? 1 : 3)
  expect(step(9, 3).imagesPerSecond).toBeCloseTo(2)
})
