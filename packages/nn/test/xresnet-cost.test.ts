import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { summarize, type XresnetName, xresnetCost } from '../src/index.ts'
import { createModel } from './helpers.ts'

beforeAll(() => prepareEngine('cpu').then(() => undefined))

test('what is counted from the options is what a built network has', () => {
  const widths = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      widths,
      fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 4, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(1, 2, 4),
      fc.integer({ min: 17, max: 80 }),
      (inner, repeats, stemWidths, expansion, imageSize) => {
        const options = { layers: repeats.slice(0, inner.length), widths: inner, stemWidths, expansion }
        const model = createModel('xresnet18', { options, imageShape: [imageSize, imageSize, 3], classes: 7 })
        const { params, macs } = summarize(model)
        expect(xresnetCost(options, { imageSize, classes: 7 })).toMatchObject({ params, macs })
        model.dispose()
      },
    ),
    { numRuns: 30 },
  )
})

// timm's ResNet-D, `sum(p.numel() for p in timm.create_model(name).parameters())`; fastai's xresnet has the same. For 34
// it is torchvision's ResNet-34, 21,797,672, and the stem and shortcuts that make ResNet-18 19,232 larger.
test.each([
  ['xresnet18', 11_708_744],
  ['xresnet34', 21_816_904],
  ['xresnet50', 25_576_264],
  ['xresnet101', 44_568_392],
  ['xresnet152', 60_212_040],
] as [XresnetName, number][])('%s has %i parameters', (name, params) => {
  expect(xresnetCost(name, { imageSize: 224, classes: 1000 }).params).toBe(params)
})

test('counts what a step keeps, by hand', () => {
  // 8 × 8 images of one channel, a stem of 2 channels, one block of 2 channels.
  const { activations } = xresnetCost(
    { layers: [1], widths: [2], stemWidths: [2], expansion: 1 },
    { imageSize: 8, channels: 1, classes: 3 },
  )
  const image = 64
  const stem = 2 * (2 * 16)
  const pooled = 2 * 4
  const block = 3 * (2 * 4) + 2 * 4
  expect(activations).toBe(image + stem + pooled + block)
})
