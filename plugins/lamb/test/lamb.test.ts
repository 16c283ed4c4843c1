import { createRegistry } from '@tricklab/core'
import '@tricklab/testing/matchers'
import { describeOnEngines, fitCosine } from '@tricklab/testing'
import { expect, test } from 'vitest'
import lamb from '../src/index.ts'
import golden from './golden/lamb.json' with { type: 'json' }

const registry = createRegistry([lamb])

describeOnEngines('the weights of LAMB', () => {
  test.each(golden.cases)('$options are as in timm', async ({ options, w, b }) => {
    const { use } = registry.normalize('optimizer', { use: 'lamb', ...options }, 'test')
    const optimizer = registry.create('optimizer', use, {})
    const found = await fitCosine(optimizer, { steps: golden.steps, learningRate: golden.rate })
    expect(found.w).toBeAllClose(w, { atol: 1e-5 })
    expect(found.b).toBeAllClose(b, { atol: 1e-5 })
  })
})
