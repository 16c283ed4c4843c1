import { createRegistry } from '@tricklab/core'
import '@tricklab/testing/matchers'
import { describeOnEngines, fitCosine } from '@tricklab/testing'
import { expect, test } from 'vitest'
import lion from '../src/index.ts'
import golden from './golden/lion.json' with { type: 'json' }

const registry = createRegistry([lion])

describeOnEngines('the weights of Lion', () => {
  test.each(golden.cases)('$options are as in timm', async ({ options, w, b }) => {
    const { use } = registry.normalize('optimizer', { use: 'lion', ...options }, 'test')
    const optimizer = registry.create('optimizer', use, {})
    const found = await fitCosine(optimizer, { steps: golden.steps, learningRate: golden.rate })
    expect(found.w).toBeAllClose(w, { atol: 1e-5 })
    expect(found.b).toBeAllClose(b, { atol: 1e-5 })
  })
})
