import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { createModel } from '../test/helpers.ts'
import { formatSummary, summarize } from './index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

// The tables of the lesson "ResNets"; multiply-accumulates derived by hand (Σ over convolutions of k²·in·out·h·w).
test.each([
  ['conv', [216, 1_184, 4_672, 18_560, 73_984, 11_540], 110_156, 1_209_728],
  ['residual-conv', [1_848, 3_664, 14_496, 57_664, 230_016, 13_750], 321_438, 7_553_412],
  ['double-conv', [1_832, 3_520, 13_952, 55_552, 221_696, 12_460], 309_012, 7_430_148],
])('DeeperCNN of %s has the documented parameters', (block, perLayer, params, macs) => {
  const model = createModel('slowai-deeper-cnn', { block })
  const summary = summarize(model)
  expect(summary.layers.map((layer) => layer.params)).toEqual(perLayer)
  expect(summary).toMatchObject({ params, macs })
  expect(model.macs(model.inputShape)).toBe(macs)
  model.dispose()
})

test.each([
  ['conv', ['0.2', '0.2', '0.2', '0.3', '0.3', '0.0']],
  ['residual-conv', ['1.4', '0.7', '0.7', '0.9', '0.9', '0.0']],
])('DeeperCNN of %s has the documented MFlops', (block, column) => {
  const model = createModel('slowai-deeper-cnn', { block })
  expect(summarize(model).layers.map((layer) => layer.mflops.toFixed(1))).toEqual(column)
  model.dispose()
})

test('shapes are those of the lesson', () => {
  const model = createModel('slowai-deeper-cnn')
  const { layers } = summarize(model)
  expect(layers[0]!.input).toEqual([28, 28, 1])
  expect(layers.map((layer) => layer.output)).toEqual([
    [28, 28, 8],
    [14, 14, 16],
    [7, 7, 32],
    [4, 4, 64],
    [2, 2, 128],
    [1, 1, 10],
  ])
  model.dispose()
})

test('resnet18 has the documented parameters', () => {
  const model = createModel('resnet18')
  const { params, macs } = summarize(model)
  expect(params).toBe(11_175_370)
  expect((macs / 1e6).toFixed(1)).toBe('33.0')
  model.dispose()
})

test('the text has one aligned line a layer and a total', () => {
  const model = createModel('slowai-cnn')
  expect(formatSummary(summarize(model))).toMatchInlineSnapshot(`
    "layer     type  input    output   parameters  MFlops     MACs
    layers/0  conv  28×28×1  14×14×8         216     0.0   39,200
    layers/1  conv  14×14×8  7×7×16        1,184     0.1   56,448
    layers/2  conv  7×7×16   4×4×32        4,672     0.1   73,728
    layers/3  conv  4×4×32   2×2×64       18,560     0.1   73,728
    layers/4  conv  2×2×64   1×1×10        5,780     0.0    5,760
    total                                 30,412          248,864"
  `)
  model.dispose()
})
