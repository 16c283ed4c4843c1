import { createRegistry } from '@tricklab/core'
import { optim } from '@tricklab/optim'
import '@tricklab/testing/matchers'
import { describeOnEngines, fitCosine } from '@tricklab/testing'
import { expect, test } from 'vitest'
import lookahead from '../src/index.ts'
import golden from './golden/lookahead.json' with { type: 'json' }

const registry = createRegistry([optim, lookahead])

function build(options: object) {
  const { use, problems } = registry.normalize('optimizer', { use: 'lookahead', ...options }, 'test')
  expect(problems).toEqual([])
  return registry.create('optimizer', use, {})
}

describeOnEngines('the weights of lookahead', () => {
  test.each(golden.cases)('$options are as in torch_optimizer', async ({ options, w, b }) => {
    const found = await fitCosine(build(options), { steps: golden.steps, learningRate: golden.rate })
    expect(found.w).toBeAllClose(w, { atol: 1e-5 })
    expect(found.b).toBeAllClose(b, { atol: 1e-5 })
  })
})
