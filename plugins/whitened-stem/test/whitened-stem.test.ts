import { readFileSync } from 'node:fs'
import { createRegistry, createRng, listParams, TricklabError } from '@tricklab/core'
import type { BatchSource } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { drawImages, seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import whitenedStem from '../src/index.ts'
import { eigenOf, patchMoments, whiteningFilters } from '../src/whitening-filters.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const golden = JSON.parse(readFileSync(new URL('./golden/whitening.json', import.meta.url), 'utf8')) as {
  moments: number[]
  values: number[]
  filters: number[]
}

/** As in make_whitening.py. */
const images = Float32Array.from({ length: 120 }, (_, i) => Math.sin(0.7 * i * i + 0.5))

test('moments, eigenvalues and filters are those of numpy', () => {
  const moments = patchMoments(images, [5, 6, 2], 2)
  for (const [i, value] of golden.moments.entries()) expect(moments[i]).toBeCloseTo(value, 7)
  for (const [i, { value }] of eigenOf(moments).entries()) expect(value).toBeCloseTo(golden.values[i]!, 7)
  const filters = whiteningFilters(moments, 5e-4)
  for (const [i, value] of golden.filters.entries()) expect(filters[i]).toBeCloseTo(value, 5)
})

test('eigenvectors are orthogonal, of length 1, and give the matrix back', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 8 }), (seed, n) => {
      const drawn = drawImages(seed, 1, [n, n, 1])
      const matrix = Float64Array.from(drawn, (_, i) => drawn[i]! + drawn[(i % n) * n + Math.floor(i / n)]!)
      const size = Math.max(1, ...matrix.map(Math.abs))
      const parts = eigenOf(matrix)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const sum = parts.reduce((total, { value, vector }) => total + value * vector[i]! * vector[j]!, 0)
          expect(Math.abs(sum - matrix[i * n + j]!)).toBeLessThan(1e-10 * size)
          const product = parts[i]!.vector.reduce((total, entry, k) => total + entry * parts[j]!.vector[k]!, 0)
          expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-10)
        }
      }
    }),
    { numRuns: 40 },
  )
})

const createStem = () =>
  createRegistry([whitenedStem]).create(
    'block',
    { use: 'whitened-stem', size: 2 },
    {
      ...{ inputChannels: 2, outputChannels: 3, stride: 1, kernelSize: 3, activate: true },
      init: createRng(1),
    },
  )

const callbackFor = (batches: number) => {
  const source = {
    async *read() {
      for (let n = 0; n < batches; n++) {
        yield { images: tf.tensor4d(images, [2, 5, 6, 2]), targets: tf.zeros([2, 2]), size: 2 }
      }
    },
  } as unknown as BatchSource
  const registry = createRegistry([whitenedStem])
  const { use } = registry.normalize('callback', { use: 'whitened-stem', images: 3 } as never, 'test')
  return registry.create('callback', use, { source, metrics: [] })
}

test('before a training the filters are made from enough batches, and their answers are white', async () => {
  const stem = createStem()
  const params = listParams(stem.params)
  const weight = params.find(({ path }) => path === 'whiten/weight')!
  expect(weight.role).toBe('buffer')
  const before = tf.memory().numTensors
  await callbackFor(5).beforeFit!({ params, startStep: 0 } as never)
  expect(tf.memory().numTensors).toBe(before)
  const filters = weight.value.dataSync()
  for (const [i, value] of golden.filters.entries()) expect(filters[i]).toBeCloseTo(value, 5)
  const answers = tf.tidy(() =>
    tf.conv2d(tf.tensor4d(images, [2, 5, 6, 2]), weight.value as tf.Tensor4D, 1, 'valid').dataSync(),
  )
  for (let a = 0; a < 8; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0
      for (let place = 0; place < 40; place++) sum += (answers[place * 16 + a]! * answers[place * 16 + b]!) / 40
      // ε takes its share of a variance of 1: eigenvalue / (eigenvalue + ε).
      const expected = a === b ? golden.values[a]! / (golden.values[a]! + 5e-4) : 0
      expect(sum).toBeCloseTo(expected, 4)
    }
  }
  stem.dispose()
})

test('what was resumed keeps its filters, and a model without the stem is refused', async () => {
  const stem = createStem()
  const params = listParams(stem.params)
  const weight = params.find(({ path }) => path === 'whiten/weight')!
  const before = weight.value.dataSync()
  await callbackFor(2).beforeFit!({ params, startStep: 4 } as never)
  expect(weight.value.dataSync()).toEqual(before)
  await expect(async () => callbackFor(2).beforeFit!({ params: [], startStep: 0 } as never)).rejects.toThrow(
    TricklabError,
  )
  stem.dispose()
})
