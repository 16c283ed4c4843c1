import { describeOnEngines } from '@tricklab/testing'
import { expect, test } from 'vitest'
import { createMyTrick } from '../src/my-trick.js'

// Leave the list out once this is green: then every engine of this machine is tested.
describeOnEngines('my-trick', () => {
  test('numbers from somewhere else', () => {
    expect.fail(
      `Red on purpose. Write here what a model of ${createMyTrick.name} must have: the number of its parameters as the paper or ` +
        'timm counts them, and the scores of an image with fixed weights as PyTorch computes them, and say where they come ' +
        'from: expect(countParams(model.params)).toBe(21_110_248)',
    )
  })
}, ['cpu'])
