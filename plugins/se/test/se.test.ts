import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, listParams } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { nn } from '@tricklab/nn'
import { drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { hiddenWidth, type WidthRule, widthRules } from '../src/hidden-width.ts'
import se from '../src/index.ts'

interface Case {
  channels: number
  hidden: number
  size: [number, number]
  activation: 'relu' | 'swish'
  y: number[]
  dx: number[]
  dreduce: number[]
  dreduceBias: number[]
  dexpand: number[]
  dexpandBias: number[]
}

const golden = JSON.parse(readFileSync(new URL('./golden/se.json', import.meta.url), 'utf8')) as {
  cases: Case[]
  timmWidths: [number, number][]
}
const evaluation = { training: false, rng: createRng(0) }

function createBlock(channels: number, options: object = {}, seed = 1): Block {
  const registry = createRegistry([se])
  const { use } = registry.normalize('block', { use: 'se', ...options }, 'test')
  const shape = { inputChannels: channels, outputChannels: channels, stride: 1, kernelSize: 1, activate: false }
  return registry.create('block', use, { ...shape, init: createRng(seed) })
}

const variable = (block: Block, path: string) => listParams(block.params).find((param) => param.path === path)!.value

function assign(block: Block, path: string, values: ArrayLike<number> | number): void {
  const { shape, size } = variable(block, path)
  const filled = typeof values === 'number' ? new Float32Array(size).fill(values) : Float32Array.from(values)
  tf.tidy(() => variable(block, path).assign(tf.tensor(filled, shape)))
}

/** As in golden/make_se.py. */
function chirp(size: number, phase: number, scale = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.7 * i * i + phase))
}

function run(block: Block, images: Float32Array, shape: [number, number, number, number]): number[] {
  return tf.tidy(() => Array.from(block.apply(tf.tensor4d(images, shape), evaluation).dataSync()))
}

const paths = ['reduce/weight', 'reduce/bias', 'expand/weight', 'expand/bias']

const near = { rtol: 3e-6, atol: 3e-6 }

describe.each(localEngines)('golden numbers of timm on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases.flatMap((entry) => (['conv', 'linear'] as const).map((form) => ({ ...entry, form }))))(
    '$activation, $form',
    ({ channels, hidden, size, activation, form, ...expected }) => {
      // A reduction that gives the hidden width of the case.
      const block = createBlock(channels, { width: 'efficientnet', reduction: channels / hidden, activation, form })
      assign(block, 'reduce/weight', chirp(channels * hidden, 0.1, 0.8))
      assign(block, 'reduce/bias', chirp(hidden, 0.2))
      assign(block, 'expand/weight', chirp(hidden * channels, 0.3, 0.8))
      assign(block, 'expand/bias', chirp(channels, 0.4))
      const shape = [2, ...size, channels] as [number, number, number, number]
      const count = 2 * size[0] * size[1] * channels
      tf.tidy(() => {
        const x = tf.variable(tf.tensor4d(chirp(count, 0.5), shape))
        const slope = tf.tensor4d(chirp(count, 0.6), shape)
        expect(block.apply(x, evaluation).dataSync()).toBeAllClose(Float64Array.from(expected.y), near)
        const { grads } = tf.variableGrads(() => tf.sum(tf.mul(block.apply(x, evaluation), slope)) as tf.Scalar)
        const [dx, ...rest] = [x, ...paths.map((path) => variable(block, path))].map(({ name }) =>
          grads[name]!.dataSync(),
        )
        expect(dx!).toBeAllClose(Float64Array.from(expected.dx), near)
        const { dreduce, dreduceBias, dexpand, dexpandBias } = expected
        for (const [index, values] of [dreduce, dreduceBias, dexpand, dexpandBias].entries()) {
          expect(rest[index]!).toBeAllClose(Float64Array.from(values), near)
        }
        x.dispose()
      })
      block.dispose()
    },
  )
})

describe('properties', () => {
  beforeAll(() => prepareEngine('cpu').then(() => undefined))

  const cases = fc.record({
    seed: seeds,
    channels: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
  })

  test('gates are between 0 and 1, the same at every position of an image and blind to their order', () => {
    fc.assert(
      fc.property(cases, ({ seed, channels, height, width }) => {
        const block = createBlock(channels, {}, seed)
        assign(block, 'expand/bias', chirp(channels, seed))
        const area = height * width
        const images = drawImages(seed, 2, [height, width, channels])
        const y = run(block, images, [2, height, width, channels])
        for (const [index, value] of y.entries()) {
          expect(Math.abs(value)).toBeLessThanOrEqual(Math.abs(images[index]!))
          expect(Object.is(Math.sign(value), Math.sign(images[index]!)) || value === 0).toBe(true)
        }
        // Positions in reverse order.
        const reverse = (values: ArrayLike<number>) =>
          Float32Array.from({ length: values.length }, (_, index) => {
            const [image, rest] = [Math.floor(index / (area * channels)), index % (area * channels)]
            const [position, channel] = [Math.floor(rest / channels), rest % channels]
            return values[(image * area + area - 1 - position) * channels + channel]!
          })
        expect(run(block, reverse(images), [2, height, width, channels])).toBeAllClose(reverse(y))
        block.dispose()
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    [40, 1],
    [0, 0.5],
    [-120, 0],
  ])('with W₂ = 0 and b₂ = %d the output is %d times the input', (bias, factor) => {
    const block = createBlock(3)
    assign(block, 'expand/weight', 0)
    assign(block, 'expand/bias', bias)
    const images = chirp(24, 0.5)
    expect(run(block, images, [2, 2, 2, 3])).toBeAllClose(images.map((value) => value * factor))
    block.dispose()
  })

  test('both forms start with the same numbers and give the same', () => {
    fc.assert(
      fc.property(cases, ({ seed, channels, height, width }) => {
        const [conv, linear] = [createBlock(channels, {}, seed), createBlock(channels, { form: 'linear' }, seed)]
        for (const path of paths) {
          expect(Array.from(variable(linear, path).dataSync())).toEqual(Array.from(variable(conv, path).dataSync()))
        }
        const images = drawImages(seed, 2, [height, width, channels])
        const [a, b] = [conv, linear].map((block) => run(block, images, [2, height, width, channels]))
        expect(a!).toBeAllClose(b!)
        conv.dispose()
        linear.dispose()
      }),
      { numRuns: 30 },
    )
  })

  test('has 2·C·h + h + C parameters and 2·C·h multiply-accumulates', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 80 }), fc.constantFrom(...widthRules), (channels, width: WidthRule) => {
        const block = createBlock(channels, { width })
        const h = hiddenWidth(channels, 16, width)
        expect(countParams(block.params)).toBe(2 * channels * h + h + channels)
        expect(block.macs([7, 5, channels])).toBe(2 * channels * h)
        block.dispose()
      }),
      { numRuns: 30 },
    )
  })
})

describe('hidden widths', () => {
  test.each(golden.timmWidths)("timm's of %i channels is %i", (channels, hidden) => {
    expect(hiddenWidth(channels, 16, 'timm')).toBe(hidden)
  })

  test.each([
    [256, 'fastai', 16],
    [96, 'fastai', 8],
    [320, 'fastai', 24],
    [8, 'fastai', 0],
    [96, 'keras', 6],
    [8, 'keras', 0],
    [96, 'efficientnet', 6],
    [8, 'efficientnet', 1],
  ] as const)('%i channels by %s: %i', (channels, rule, hidden) => {
    expect(hiddenWidth(channels, 16, rule)).toBe(hidden)
  })
})

test('stands in every block of xresnet, behind the norm', () => {
  const registry = createRegistry([nn, se])
  const problems: Problem[] = []
  const options = { layers: [1, 2], widths: [16, 32], stemWidths: [4, 4, 4] }
  const build = (slots: object) =>
    createModel(registry, normalizeModel({ use: 'xresnet50', ...options, slots } as never, registry, 't', problems), {
      imageShape: [32, 32, 3],
      classes: 4,
      init: createRng(1),
    })
  const [plain, gated] = [build({}), build({ attention: { use: 'se', width: 'fastai' } })]
  expect(problems).toEqual([])
  const extra = [64, 128, 128].map((c) => 2 * c * hiddenWidth(c, 16, 'fastai') + hiddenWidth(c, 16, 'fastai') + c)
  expect(countParams(gated.params) - countParams(plain.params)).toBe(extra.reduce((a, b) => a + b, 0))
  const names = Object.keys(gated.layers.find(({ name }) => name === 'stage2/block2')!.block.params)
  expect(names.indexOf('attention')).toBe(names.indexOf('norm3') + 1)
  plain.dispose()
  gated.dispose()
})
