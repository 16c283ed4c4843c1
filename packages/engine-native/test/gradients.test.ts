import * as tf from '@tricklab/core/tf'
import { gradientCases, relativeError, runGradientCase } from '@tricklab/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNativePrecision, nativePrecision } from '../src/index.ts'
import { nativeIsThere } from './compare.ts'
import { rounded, storeWrittenAsBf16 } from './stored.ts'

const round = (data: Float32Array) => rounded({ shape: [data.length], data }).data

describe.runIf(nativeIsThere())('native gradients of tensors stored as bf16', () => {
  let undo = () => {}
  beforeAll(() => {
    undo = storeWrittenAsBf16()
    if (hasNativePrecision('bf16')) nativePrecision('bf16')
  })
  afterAll(() => {
    undo()
    nativePrecision('float32')
  })

  test.each(gradientCases)('$name', async (one) => {
    await tf.setBackend('cpu')
    const reference = await runGradientCase(one, round)
    await tf.setBackend('native')
    const ours = await runGradientCase(one, round)
    for (const [i, values] of ours.entries()) expect(relativeError(values, reference[i]!)).toBeLessThan(2 ** -6)
  })
})
