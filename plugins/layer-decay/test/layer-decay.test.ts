import { readFileSync } from 'node:fs'
import { createRegistry, type NamedParam } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { optim } from '@tricklab/optim'
import { describeOnEngines } from '@tricklab/testing'
import { expect, test } from 'vitest'
import { decayLayers } from '../src/decay-layers.ts'
import layerDecay from '../src/index.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/layer_decay.json', import.meta.url), 'utf8')) as {
  steps: number
  rate: number
  cases: { options: object; layers: number[][][] }[]
}

const registry = createRegistry([optim, layerDecay])

// As in golden/make_layer_decay.py.
const chirp = (size: number, phase: number) =>
  tf.tensor1d(Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase)))

describeOnEngines('rates that fall towards the input', () => {
  test.each(golden.cases)(
    '$options: ten steps as with the parameter groups of PyTorch',
    async ({ options, layers }) => {
      const before = tf.memory().numTensors
      const params = [0, 1, 2, 3, 4, 5].map((phase): NamedParam => {
        const role = phase % 2 === 0 ? 'weight' : 'bias'
        const value = tf.tidy(() => tf.variable(chirp(role === 'weight' ? 4 : 2, phase)))
        return { path: `layer${Math.floor(phase / 2)}/${role}`, role, value }
      })
      const { use } = registry.normalize('optimizer', { use: 'layer-decay', ...options }, 'test')
      const optimizer = registry.create('optimizer', use, {})
      for (let step = 1; step <= golden.steps; step++) {
        const gradients = params.map(({ value }, phase) => chirp(value.size, 10 * step + phase))
        await optimizer.step(params, gradients, { learningRate: golden.rate }, step)
        tf.dispose(gradients)
      }
      for (const [index, values] of layers.flat().entries()) {
        const found = params[index]!.value.dataSync()
        for (const [i, value] of values.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(2e-6)
      }
      optimizer.dispose()
      tf.dispose(params.map(({ value }) => value))
      expect(tf.memory().numTensors).toBe(before)
    },
  )
})

test('layers are counted by the names that paths begin with; rates of the recipe are kept', () => {
  const paths = ['stem/conv/weight', 'stage1/block1/weight', 'stage1/block2/weight', 'head/linear/weight']
  const params = paths.map((path): NamedParam => ({ path, role: 'weight', value: null as never }))
  const rates = (depth: number, own: Partial<NamedParam> = {}) =>
    decayLayers([{ ...params[0]!, ...own }, ...params.slice(1)], 0.5, depth).map(({ learningRate }) => learningRate)
  expect(rates(1)).toEqual([0.25, 0.5, 0.5, 1])
  expect(rates(2)).toEqual([0.125, 0.25, 0.5, 1])
  expect(rates(1, { learningRate: 10 })).toEqual([2.5, 0.5, 0.5, 1])
})

test("weight and bias of a layer are one layer, a layer scale is its block's, a token is the first's", () => {
  const roles = {
    'stem/weight': 'weight',
    'stem/bias': 'bias',
    'stages/1/weight': 'weight',
    'stages/1/gamma': 'scale',
    token: 'token',
    'head/weight': 'weight',
  } as const
  const params = Object.entries(roles).map(([path, role]): NamedParam => ({ path, role, value: null as never }))
  for (const depth of [1, 2, 9]) {
    const rates = decayLayers(params, 0.5, depth).map(({ learningRate }) => learningRate)
    expect(rates).toEqual([0.25, 0.25, 0.5, 0.5, 0.25, 1])
  }
  const alone = [{ path: 'token', role: 'token', value: null as never }] as const
  expect(decayLayers(alone, 0.5, 1).map(({ learningRate }) => learningRate)).toEqual([1])
})
