import { undrawn } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  costOf,
  createConv2d,
  createGlobalAveragePool,
  createLayeredModel,
  createLinear,
  sequential,
  summarize,
} from '../src/index.ts'
import { contextOf, createModel } from './helpers.ts'

beforeAll(() => prepareEngine('cpu').then(() => undefined))

// timm's ResNet-D, `sum(p.numel() for p in timm.create_model(name).parameters())`; fastai's xresnet has the same. For 34
// it is torchvision's ResNet-34, 21,797,672, and the stem and shortcuts that make ResNet-18 19,232 larger.
test.each([
  ['xresnet18', 11_708_744],
  ['xresnet34', 21_816_904],
  ['xresnet50', 25_576_264],
  ['xresnet101', 44_568_392],
  ['xresnet152', 60_212_040],
])('%s has %i parameters', (name, params) => {
  const model = createModel(name, { imageShape: [32, 32, 3], classes: 1000, init: undrawn })
  expect(costOf(model).params).toBe(params)
  model.dispose()
})

test('is that of the summary, for any image size', () => {
  const options = { layers: [1, 2], widths: [4, 6], stemWidths: [2, 4], expansion: 4 }
  const model = createModel('xresnet50', { options, imageShape: [33, 40, 3] })
  const { params, macs } = summarize(model)
  expect(costOf(model)).toMatchObject({ params, macs })
  expect(costOf(model, [66, 80, 3]).macs).toBe(model.macs([66, 80, 3]))
  model.dispose()
})

describe('what a step keeps', () => {
  const kept = (name: string, settings: object) => {
    const model = createModel(name, settings)
    const { activations } = costOf(model)
    model.dispose()
    return activations
  }

  test('is counted by hand', () => {
    // 8 × 8 images of one channel, a stem of 2 channels, one block of 2 channels.
    const options = { layers: [1], widths: [2], stemWidths: [2], expansion: 1 }
    const [image, stem, pooled] = [64, 2 * (2 * 16), 2 * 4]
    // Inputs of two norms and of the second convolution, and what ReLU puts out; the first convolution's is the pool's output.
    const block = 3 * (2 * 4) + 2 * 4
    expect(kept('xresnet18', { options, imageShape: [8, 8, 1], classes: 3 })).toBe(image + stem + pooled + block + 2)
  })

  test('does not count a tensor twice that two of them keep, nor what only passes', () => {
    const relu = kept('xresnet18', { options: { layers: [1], widths: [2], stemWidths: [2] }, imageShape: [8, 8, 1] })
    const swish = kept('xresnet18', {
      ...{ options: { layers: [1], widths: [2], stemWidths: [2] }, imageShape: [8, 8, 1] },
      slots: { act: 'swish' },
    })
    // Swish has kernels of its own, which keep their input: after the stem's norm, the block's first norm, and the sum, from
    // which the head takes a mean that keeps nothing.
    expect(swish - relu).toBe(2 * 16 + 2 * 4 + 2 * 4 - 2 * 4)
  })

  test('is what the tape of TensorFlow.js holds, for layers that save their inputs', () => {
    const conv = (from: number, to: number) =>
      createConv2d({ inputChannels: from, outputChannels: to, kernelSize: 3, stride: 1, bias: false, init: undrawn })
    const layers = [
      { name: 'convolutions', type: 'test', block: sequential({ a: conv(3, 4), b: conv(4, 5) }) },
      { name: 'pool', type: 'test', block: createGlobalAveragePool() },
      { name: 'linear', type: 'test', block: createLinear({ inputs: 5, outputs: 2, init: undrawn }) },
    ]
    const model = createLayeredModel(layers, [6, 6, 3], 2)
    const weights = new Set<object>()
    const saved = new Map<object, number>()
    const engine = tf.engine() as unknown as { saveTensorsForBackwardMode(tensors: tf.Tensor[]): tf.Tensor[] }
    const original = engine.saveTensorsForBackwardMode
    engine.saveTensorsForBackwardMode = (tensors) => {
      for (const { dataId, size } of tensors) saved.set(dataId, size)
      return original.call(engine, tensors)
    }
    try {
      tf.tidy(() => {
        for (const { block } of layers)
          for (const [, param] of Object.entries(block.params).flatMap(flat)) weights.add(param)
        tf.variableGrads(() => tf.sum(model.apply(tf.ones([1, 6, 6, 3]), contextOf(true))))
      })
    } finally {
      engine.saveTensorsForBackwardMode = original
    }
    for (const dataId of weights) saved.delete(dataId)
    // The bias is added to scores, which the sum keeps although it needs no value of them; so does the loss.
    const scores = 2 * 2
    expect([...saved.values()].reduce((sum, size) => sum + size, 0)).toBe(costOf(model).activations + scores)
    model.dispose()
  })
})

/** Data of the parameters below a node. */
function flat([name, node]: [string, unknown]): [string, object][] {
  const { value } = node as { value?: tf.Variable }
  return value === undefined ? Object.entries(node as object).flatMap(flat) : [[name, value.dataId]]
}
