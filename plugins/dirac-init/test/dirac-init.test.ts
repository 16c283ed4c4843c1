import { createRegistry, createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { kaimingNormal } from '@tricklab/nn'
import { describeOnEngines, drawImages } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dirac } from '../src/dirac.ts'
import diracInit from '../src/index.ts'

// PyTorch 2.15: torch.nn.init.dirac_(torch.empty(4, 2, 3, 3), groups=2).permute(2, 3, 1, 0).flatten().nonzero()
test('in groups the ones stand where PyTorch has them', () => {
  const weight = dirac(2)([3, 3, 2, 4], createRng(1).at('w'))
  expect([...weight.keys()].filter((i) => weight[i] !== 0)).toEqual([32, 34, 37, 39])
  expect(new Set(weight)).toEqual(new Set([0, 1]))
})

test('output channels beyond the inputs are those of a plain convolution', () => {
  const sizes = {
    size: fc.constantFrom(1, 3, 5),
    inputs: fc.integer({ min: 1, max: 4 }),
    outputs: fc.integer({ min: 1, max: 6 }),
  }
  fc.assert(
    fc.property(fc.record(sizes), ({ size, inputs, outputs }) => {
      const shape = [size, size, inputs, outputs]
      const [weight, plain] = [dirac(1), kaimingNormal({ slope: 0, fan: 'in' })].map((start) =>
        start(shape, createRng(2).at('w')),
      )
      for (const [i, value] of plain!.entries()) if (i % outputs >= inputs) expect(weight![i]).toBe(value)
      for (let c = 0; c < Math.min(inputs, outputs); c++) {
        const channel = weight!.filter((_, i) => i % outputs === c)
        expect(channel.reduce((sum, value) => sum + Math.abs(value), 0)).toBe(1)
      }
    }),
    { numRuns: 40 },
  )
})

describeOnEngines('a convolution that starts as the identity', () => {
  test.each([1, 3])('with a window of side %i passes its input on', (kernelSize) => {
    const block = createRegistry([diracInit]).create(
      'block',
      { use: 'dirac-init' },
      {
        ...{ inputChannels: 3, outputChannels: 5, stride: 1, kernelSize, activate: false },
        init: createRng(1),
      },
    )
    const pixels = drawImages(1, 2, [4, 5, 3])
    const out = tf.tidy(() => {
      const images = block.apply(tf.tensor4d(pixels, [2, 4, 5, 3]), { training: true, rng: createRng(0) })
      return tf.slice(images, [0, 0, 0, 0], [2, 4, 5, 3]).dataSync()
    })
    expect([...out]).toEqual([...pixels])
    block.dispose()
  })
})
