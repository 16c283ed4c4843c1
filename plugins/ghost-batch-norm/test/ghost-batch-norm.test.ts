import { readFileSync } from 'node:fs'
import { createRegistry, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partsOf } from '../src/create-ghost-norm.ts'
import ghostBatchNorm from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/ghost.json', import.meta.url), 'utf8')) as {
  [name in 'y' | 'dx' | 'dgamma' | 'dbeta' | 'mean' | 'variance']: number[]
}

/** As in make_ghost.py. */
const chirp = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))

test('parts hold all images, none too many, and only the last may be smaller', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (batch, samples) => {
      const parts = partsOf(batch, samples)
      expect(parts.reduce((sum, size) => sum + size, 0)).toBe(batch)
      for (const size of parts.slice(0, -1)) expect(size).toBe(parts[0])
      expect(Math.max(...parts)).toBeLessThanOrEqual(samples)
      expect(Math.min(...parts)).toBe(parts.at(-1))
      expect(parts.at(-1)).toBeGreaterThan(0)
    }),
  )
})

describeOnEngines('ghost batch norm', () => {
  test('gives the numbers of PyTorch, part by part', () => {
    const registry = createRegistry([ghostBatchNorm])
    const { use } = registry.normalize('block', { use: 'ghost-batch-norm', samples: 3 } as never, 'test')
    const shape = [7, 2, 3, 2] as [number, number, number, number]
    const block = registry.create('block', use, {
      ...{ inputChannels: 2, outputChannels: 2, stride: 1, kernelSize: 1, activate: false },
      init: createRng(1),
    })
    const variable = (path: string) => listParams(block.params).find((param) => param.path === path)!.value
    const near = { rtol: 2e-5, atol: 2e-5 }
    tf.tidy(() => {
      variable('gamma').assign(tf.tensor1d([1.5, -0.5]))
      variable('beta').assign(tf.tensor1d([0.25, 1]))
      const images = tf.variable(tf.tensor4d(chirp(84, 0.5), shape))
      const context = { training: true, rng: createRng(0) }
      const slope = tf.tensor4d(chirp(84, 0.6), shape)
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(block.apply(images, context), slope)) as tf.Scalar)
      expect(grads[images.name]!).toBeAllClose(tf.tensor(golden.dx, shape), near)
      expect(grads[variable('gamma').name]!).toBeAllClose(tf.tensor(golden.dgamma), near)
      expect(grads[variable('beta').name]!).toBeAllClose(tf.tensor(golden.dbeta), near)
      expect(variable('mean')).toBeAllClose(tf.tensor(golden.mean), near)
      expect(variable('variance')).toBeAllClose(tf.tensor(golden.variance), near)
      images.dispose()
    })
    tf.tidy(() => {
      const y = block.apply(tf.tensor4d(chirp(84, 0.5), shape), { training: true, rng: createRng(0) })
      expect(y).toBeAllClose(tf.tensor(golden.y, shape), near)
    })
    block.dispose()
  })
})
