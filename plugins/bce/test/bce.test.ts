import { createRegistry } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'
import golden from './golden/bce.json' with { type: 'json' }

const registry = createRegistry([plugin])

describeOnEngines('loss and gradient', () => {
  test.each(golden.cases)('$options are those of timm', ({ options, loss, gradient }) => {
    const { use } = registry.normalize('loss', { use: 'bce', ...options }, 'test')
    const { apply } = registry.create('loss', use, {})
    const [scores, targets] = [tf.tensor2d(golden.scores), tf.tensor2d(golden.targets)]
    const found = tf.valueAndGrad((x) => apply(x as tf.Tensor2D, targets))(scores)
    expect(found.value.dataSync()[0]).toBeAllClose(loss, { rtol: 1e-5 })
    expect(found.grad).toBeAllClose(gradient, { atol: 1e-6 })
    tf.dispose([scores, targets, found.value, found.grad])
  })
})
