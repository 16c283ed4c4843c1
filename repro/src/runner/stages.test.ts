import { type Model, type Shape, TricklabError } from '@tricklab/core'
import { expect, test } from 'vitest'
import type { OpenStage } from './learner.ts'
import { checkStages } from './stages.ts'

/** Halves images until one pixel is left, where `times` suffices. */
function createHalving(times: number): Model {
  const outputShape = ([height, width]: Shape): Shape => [height >> times, width >> times, 10]
  return { classes: 10, macs: () => 0, layers: [{ name: 'halve', type: 'halve', block: { outputShape } }] } as never
}

const stageOf = (size: number) => ({ source: { imageShape: [size, size, 3] } }) as unknown as OpenStage

test('a stage whose images the model cannot bring down to one score a class is named before training', () => {
  expect(() => checkStages(createHalving(6), [stageOf(64), stageOf(96)])).not.toThrow()
  const check = () => checkStages(createHalving(6), [stageOf(64), stageOf(128)])
  expect(check).toThrow(TricklabError)
  expect(check).toThrow(/\[E_SHAPE\].*stage 2.*\[2, 2, 10\] from images of \[128, 128, 3\]/)
})
