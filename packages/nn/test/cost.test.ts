import { undrawn } from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import { savedForBackward } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { costOf, summarize } from '../src/index.ts'
import { createModel } from './helpers.ts'

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
    // Then the means that the last layer takes, and its scores before the bias.
    const head = 2 + 3
    expect(kept('xresnet18', { options, imageShape: [8, 8, 1], classes: 3 })).toBe(image + stem + pooled + block + head)
  })

  test('does not count a tensor twice that two of them keep, nor what only passes', () => {
    const relu = kept('xresnet18', { options: { layers: [1], widths: [2], stemWidths: [2] }, imageShape: [8, 8, 1] })
    const swish = kept('xresnet18', {
      ...{ options: { layers: [1], widths: [2], stemWidths: [2] }, imageShape: [8, 8, 1] },
      slots: { act: 'swish' },
    })
    // Swish has kernels of its own, which keep their input: after the stem's norm, the block's first norm, and the sum, which
    // keeps what it adds: the input of the block, kept already, and the branch. ReLU keeps what it puts out at the end.
    expect(swish - relu).toBe(2 * 16 + 2 * 4 + (2 * 4 + 2 * 4) - 2 * 4)
  })

  test.each([
    ['xresnet18', { act: 'relu' }, 1],
    ['xresnet50', { act: 'swish', pool: 'max-pool' }, 2],
    ['xresnet18', { act: 'gelu', norm: 'layer-norm' }, 1],
  ])('is what the tape of TensorFlow.js holds: %s, %j', (name, slots, expansion) => {
    const options = { layers: [1, 2], widths: [4, 6], stemWidths: [3, 4], expansion }
    const model = createModel(name, { options, slots, imageShape: [16, 16, 3], classes: 2 })
    // The sum that makes one number of them keeps the scores.
    expect(savedForBackward(model)).toBe(costOf(model).activations + model.classes)
    model.dispose()
  })
})
