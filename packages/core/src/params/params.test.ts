import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import type { Param, ParamTree } from '../contracts.ts'
import { countParams, disposeParams, listParams } from '../index.ts'
import * as tf from '../tf.ts'
import { trainable } from './index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const param = (role: Param['role'], shape: number[]): Param => ({
  role,
  value: tf.tidy(() => tf.variable(tf.zeros(shape))),
})

test('parameters are listed depth first in their own order, with paths; buffers have no gradient', () => {
  const before = tf.memory().numTensors
  const tree: ParamTree = {
    stem: { weight: param('weight', [3, 2]), norm: { gamma: param('norm', [2]), mean: param('buffer', [2]) } },
    // A layer may itself be called `value` or `role`.
    value: { role: { bias: param('bias', [5]) } },
    empty: {},
  }
  const paths = ['stem/weight', 'stem/norm/gamma', 'stem/norm/mean', 'value/role/bias']
  expect(listParams(tree).map(({ path }) => path)).toEqual(paths)
  expect(listParams(tree, 'layer/0')[0]!.path).toBe('layer/0/stem/weight')
  expect(trainable(listParams(tree)).map(({ role }) => role)).toEqual(['weight', 'norm', 'bias'])
  expect(countParams(tree)).toBe(6 + 2 + 5)
  disposeParams(tree)
  expect(tf.memory().numTensors).toBe(before)
})
