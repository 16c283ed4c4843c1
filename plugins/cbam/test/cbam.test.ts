import { readFileSync } from 'node:fs'
import { createRegistry, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'
import cbam from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/cbam.json', import.meta.url), 'utf8')) as {
  training: boolean
  y: number[]
  dx: number[]
  dweights: number[][]
}[]

/** As in make_cbam.py. */
const chirp = (size: number, phase: number, scale = 1) =>
  Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.7 * i * i + phase))

function createBlock(channels: number, options: object) {
  const registry = createRegistry([cbam])
  const { use } = registry.normalize('block', { use: 'cbam', ...options }, 'test')
  const shape = { inputChannels: channels, outputChannels: channels, stride: 1, kernelSize: 1, activate: false }
  return registry.create('block', use, { ...shape, init: createRng(1) })
}

const paths = ['reduce/weight', 'expand/weight', 'conv/weight', 'norm/gamma', 'norm/beta']

describeOnEngines('cbam', () => {
  // Without a gradient of its statistics, evaluation has none: scores alone are compared there.
  test.each(golden)('gives the numbers of timm, training: $training', ({ training, y, dx, dweights }) => {
    const block = createBlock(8, { reduction: 4 })
    const variables = paths.map((path) => listParams(block.params).find((param) => param.path === path)!.value)
    const context = { training, rng: createRng(0) }
    const near = { rtol: 2e-5, atol: 2e-5 }
    tf.tidy(() => {
      for (const [index, variable] of variables.entries()) {
        const start = index < 3 ? chirp(variable.size, 0.1 * index, 0.5) : [index === 3 ? 1.3 : 0.2]
        variable.assign(tf.tensor(start, variable.shape))
      }
      const shape = [2, 5, 4, 8] as [number, number, number, number]
      const images = tf.variable(tf.tensor4d(chirp(320, 0.5), shape))
      expect(block.apply(images, context)).toBeAllClose(tf.tensor(y, shape), near)
      if (training) {
        const slope = tf.tensor4d(chirp(320, 0.6), shape)
        const { grads } = tf.variableGrads(() => tf.sum(tf.mul(block.apply(images, context), slope)) as tf.Scalar)
        expect(grads[images.name]!).toBeAllClose(tf.tensor(dx, shape), near)
        for (const [index, variable] of variables.entries()) {
          expect(grads[variable.name]!).toBeAllClose(tf.tensor(dweights[index]!, variable.shape), near)
        }
      }
      images.dispose()
    })
    block.dispose()
  })
})

test('refuses a window without a middle', () => {
  expect(() => createBlock(8, { kernelSize: 4 })).toThrow('[E_OPTION_RANGE] block "cbam"')
})
