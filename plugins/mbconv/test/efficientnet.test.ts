import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, type Json, listParams, type Model } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { trainable } from '@tricklab/core/params'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { costOf as builtCost, drawDropConnect, nn } from '@tricklab/nn'
import { drawImages, savedForBackward, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { costOf } from '../src/cost.ts'
import mbconv, { planEfficientnet } from '../src/index.ts'
import { scaleChannels, scaleRepeats } from '../src/plan.ts'
import { squeezedWidth } from '../src/squeezed-width.ts'
import { timmNameOf } from '../src/timm-names.ts'

interface Case {
  padding: 'same' | 'symmetric'
  evaluated: number[]
  trained: number[]
  names: [string, number[]][]
  gradients: Record<string, number>
  moved: Record<string, number>
}

const golden = JSON.parse(readFileSync(new URL('./golden/efficientnet.json', import.meta.url), 'utf8')) as {
  classes: number
  size: number
  cases: Case[]
}
const registry = createRegistry([nn, mbconv])
const contextOf = (training: boolean, seed = 0) => ({ training, rng: createRng(seed) })

function create(options: { [option: string]: Json }, imageShape = [40, 40, 3] as const, classes = 4): Model {
  const problems: Problem[] = []
  const normal = normalizeModel({ use: 'efficientnet-b0', ...options }, registry, 'test', problems)
  expect(problems).toEqual([])
  return createModel(registry, normal, { imageShape, classes, init: createRng(1) })
}

function createBlock(options: object, channels: readonly [number, number], stride = 1, seed = 1): Block {
  const { use } = registry.normalize('block', { use: 'mbconv', ...options }, 'test')
  const [inputChannels, outputChannels] = channels
  const context = { inputChannels, outputChannels, kernelSize: 3, stride, activate: false, init: createRng(seed) }
  return registry.create('block', use, context)
}

/** As in golden/make_efficientnet.py. */
function chirp(size: number, phase: number, scale = 1, center = 0): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => center + scale * Math.sin(0.7 * i * i + phase))
}

function fill(model: Model, names: Case['names']): void {
  for (const { path, value } of listParams(model.params)) {
    const name = timmNameOf(path)!
    const index = names.findIndex(([known]) => known === name)
    const phase = 0.1 * index
    const { shape, size } = value
    const window = shape.slice(0, -1).reduce((a, b) => a * b, 1)
    const values =
      name.endsWith('running_var') || path.endsWith('/gamma')
        ? chirp(size, phase, 0.3, 1)
        : shape.length === 1
          ? chirp(size, phase, 0.2)
          : shape.length === 2
            ? chirp(size, phase, Math.sqrt(2 / shape[0]!))
            : chirp(size, phase, path.includes('/depthwise/') ? 2.5 / shape[0]! : Math.sqrt(6 / window))
    tf.tidy(() => value.assign(tf.tensor(values, shape)))
  }
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0))

describe.each(localEngines)('golden numbers of timm on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('padding $padding', ({ padding, evaluated, trained, names, gradients, moved }) => {
    const { size, classes } = golden
    const model = create({ width: 0.1, depth: 0.4, dropout: 0, dropConnect: 0, padding })
    const params = listParams(model.params)
    // Every name of timm's stands for one parameter of ours, of the same size.
    expect(params.map(({ path }) => timmNameOf(path)).sort()).toEqual(names.map(([name]) => name).sort())
    const sizes = new Map(names.map(([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)]))
    for (const { path, value } of params) expect(value.size, path).toBe(sizes.get(timmNameOf(path)!))
    fill(model, names)
    tf.tidy(() => {
      const x = tf.tensor4d(chirp(3 * size * size * 3, 0.5), [3, size, size, 3])
      // Scores reach 25 here, over two dozen layers in float32.
      const near = { rtol: 2e-4, atol: 2.5e-3 }
      expect(model.apply(x, contextOf(false)).dataSync()).toBeAllClose(evaluated, near)
      const slope = tf.tensor2d(chirp(3 * classes, 0.7), [3, classes])
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.mul(model.apply(x, contextOf(true)), slope)),
        trainable(params).map((param) => param.value),
      )
      expect(value.dataSync()[0]).toBeCloseTo(
        trained.reduce((sum, score, index) => sum + score * chirp(12, 0.7)[index]!, 0),
        3,
      )
      for (const { path, value } of trainable(params)) {
        const [own, theirs] = [norm(grads[value.name]!.dataSync()), gradients[timmNameOf(path)!]!]
        expect(Math.abs(own - theirs), path).toBeLessThan(2e-3 * theirs + 1e-4)
      }
      for (const { path, role, value } of params) {
        if (role !== 'buffer') continue
        const theirs = moved[timmNameOf(path)!]!
        expect(Math.abs(norm(value.dataSync()) - theirs), path).toBeLessThan(1e-4 * theirs + 1e-5)
      }
    })
    model.dispose()
  })
})

describe('EfficientNet', () => {
  beforeAll(() => prepareEngine('cpu').then(() => undefined))

  // facts of the reference: published as 5.3 M to 66 M; those of 10 classes follow.
  test.each([
    ['b0', 1, 1, 5_288_548, 4_020_358],
    ['b1', 1, 1.1, 7_794_184, 6_525_994],
    ['b2', 1.1, 1.2, 9_109_994, 7_715_084],
    ['b3', 1.2, 1.4, 12_233_232, 10_711_602],
    ['b4', 1.4, 1.8, 19_341_616, 17_566_546],
    ['b5', 1.6, 2.2, 30_389_784, undefined],
    ['b6', 1.8, 2.6, 43_040_704, undefined],
    ['b7', 2, 3.1, 66_347_960, undefined],
  ])('%s has its published parameters', (name, width, depth, thousand, ten) => {
    const { options } = registry.component('model', `efficientnet-${name}`)
    expect([options.width?.default, options.depth?.default]).toEqual([width, depth])
    const plan = planEfficientnet({ width, depth })
    expect(costOf(plan, { imageSize: 224, classes: 1000 }).params).toBe(thousand)
    if (ten !== undefined) expect(costOf(plan, { imageSize: 224, classes: 10 }).params).toBe(ten)
  })

  test('what a step keeps is what the tape of TensorFlow.js holds', () => {
    const model = create({ width: 0.2, depth: 0.5, dropConnect: 0, dropout: 0 }, [40, 40, 3] as never, 2)
    expect(savedForBackward(model)).toBe(builtCost(model).activations + 2)
    model.dispose()
  })

  test('b0 as it is built has 4,020,358 parameters for ten classes', () => {
    const model = create({}, [32, 32, 3] as never, 10)
    expect(countParams(model.params)).toBe(4_020_358)
    model.dispose()
  })

  test('what is counted from the plan is what a built network has', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.3, noNaN: true }),
        fc.double({ min: 0.1, max: 1.2, noNaN: true }),
        fc.integer({ min: 24, max: 70 }),
        (width, depth, imageSize) => {
          const model = create({ width, depth }, [imageSize, imageSize, 3] as never, 3)
          const { params, macs, activations } = builtCost(model)
          const plan = planEfficientnet({ width, depth })
          // What the plan leaves out: means, gates and what stands between them, and the input and scores of the last layer.
          const small = plan.blocks.map(
            ({ inputChannels, expand }) => 3 * (inputChannels * expand + squeezedWidth(inputChannels, 0.25)),
          )
          const left = small.reduce((sum, count) => sum + count, plan.head + 3)
          expect(costOf(plan, { imageSize, classes: 3 })).toEqual({ params, macs, activations: activations - left })
          model.dispose()
        },
      ),
      { numRuns: 12 },
    )
  })

  test('scaled channels are multiples of 8 that lose a tenth at most; repeats grow with depth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 160 }).map((eighths) => eighths * 8),
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        (channels, factor, repeats) => {
          const scaled = scaleChannels(channels, factor)
          expect(scaled % 8).toBe(0)
          expect(scaled).toBeGreaterThanOrEqual(Math.max(8, 0.9 * channels * factor))
          expect(scaled).toBeLessThanOrEqual(Math.max(8, channels * factor + 8))
          expect(scaleRepeats(repeats, factor + 0.1)).toBeGreaterThanOrEqual(scaleRepeats(repeats, factor))
          expect(scaleRepeats(repeats, 1)).toBe(repeats)
        },
      ),
    )
  })

  test("drop-connect grows linearly from nothing, and the paper's b0 has 16 blocks", () => {
    const { blocks } = planEfficientnet({ width: 1, depth: 1 })
    expect(blocks.map(({ dropShare }) => dropShare)).toEqual(Array.from({ length: 16 }, (_, index) => index / 16))
    expect(blocks.reduce((stride, block) => stride * block.stride, 2)).toBe(32)
  })

  test('starts as the reference: normal in the window that leaves, uniform in the last layer', () => {
    const model = create({ width: 0.25, depth: 0.2 }, [32, 32, 3] as never, 9)
    for (const { path, role, value } of listParams(model.params)) {
      const values = Array.from(value.dataSync())
      if (role === 'bias') expect(values.every((entry) => entry === 0)).toBe(true)
      if (role !== 'weight' || values.length < 60) continue
      const deviation = norm(values) / Math.sqrt(values.length)
      if (path === 'head/linear/weight') {
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1 / 3)
        expect(Math.abs(deviation * 3 * Math.sqrt(3) - 1)).toBeLessThan(0.05)
        continue
      }
      const fan = value.shape[0]! ** 2 * value.shape[3]!
      expect(Math.abs(deviation / Math.sqrt(2 / fan) - 1), path).toBeLessThan(5 / Math.sqrt(2 * values.length))
    }
    model.dispose()
  })
})

describe('MBConv', () => {
  beforeAll(() => prepareEngine('cpu').then(() => undefined))

  const drawn = fc.record({
    seed: seeds,
    inputs: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    stride: fc.constantFrom(1, 2),
    expand: fc.integer({ min: 1, max: 3 }),
    skip: fc.boolean(),
    size: fc.integer({ min: 2, max: 6 }),
  })

  test('adds its input at stride 1 and equal channels alone, and has no expansion where none is asked for', () => {
    fc.assert(
      fc.property(drawn, ({ seed, inputs, outputs, stride, expand, skip, size }) => {
        const block = createBlock({ expand, skip }, [inputs, outputs], stride, seed)
        const params = listParams(block.params)
        expect(params.some(({ path }) => path.startsWith('expand'))).toBe(expand > 1)
        expect(block.outputShape([size, size, inputs])).toEqual([
          Math.ceil(size / stride),
          Math.ceil(size / stride),
          outputs,
        ])
        // With the last norm at 0 the branch is gone: what is left is the input, or nothing.
        for (const { path, value } of params)
          if (path.startsWith('projectNorm/gamma')) value.assign(tf.zeros(value.shape))
        const images = drawImages(seed, 2, [size, size, inputs])
        const y = tf.tidy(() =>
          Array.from(block.apply(tf.tensor4d(images, [2, size, size, inputs]), contextOf(false)).dataSync()),
        )
        const adds = skip && stride === 1 && inputs === outputs
        expect(y).toEqual(adds ? Array.from(images) : y.map(() => 0))
        block.dispose()
      }),
      { numRuns: 40 },
    )
  })

  test('drop-connect keeps the expectation of the branch, whatever its rate', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.integer({ min: 1, max: 64 }),
        (seed, rate, batch) => {
          const rng = createRng(seed)
          const count = Math.ceil(4000 / batch)
          const factors = Array.from({ length: count }, (_, step) => [
            ...drawDropConnect(rng.at('step', step), batch, rate),
          ]).flat()
          const kept = Math.fround(1 / (1 - rate))
          expect(new Set([0, kept, ...factors]).size).toBe(2)
          const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length
          // A factor has variance rate / (1 − rate); six standard errors.
          expect(Math.abs(mean - 1)).toBeLessThanOrEqual(6 * Math.sqrt(rate / (1 - rate) / factors.length) + 1e-6)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a block adds its input to the branch times the factor of the sample, where it adds at all', () => {
    fc.assert(
      fc.property(drawn, fc.double({ min: 0.05, max: 0.9, noNaN: true }), (config, dropConnect) => {
        const { seed, inputs, outputs, stride, expand, skip, size } = config
        const images = drawImages(seed, 3, [size, size, inputs])
        const run = (rate: number) => {
          const block = createBlock({ expand, skip, dropConnect: rate }, [inputs, outputs], stride, seed)
          const y = tf.tidy(() =>
            Array.from(block.apply(tf.tensor4d(images, [3, size, size, inputs]), contextOf(true, seed)).dataSync()),
          )
          block.dispose()
          return y
        }
        const [whole, dropped] = [run(0), run(dropConnect)]
        if (!skip || stride !== 1 || inputs !== outputs) {
          expect(dropped).toEqual(whole)
          return
        }
        const factors = drawDropConnect(contextOf(true, seed).rng.at('drop-connect'), 3, dropConnect)
        const wanted = whole.map((value, index) => {
          const factor = factors[Math.floor(index / (size * size * inputs))]!
          return images[index]! + factor * (value - images[index]!)
        })
        expect(dropped).toBeAllClose(wanted, { rtol: 1e-4, atol: 1e-4 })
      }),
      { numRuns: 40 },
    )
  })

  test('drop-connect leaves each sample its input or its input and twice the branch; none in evaluation', () => {
    const images = drawImages(3, 8, [4, 4, 3])
    const run = (dropConnect: number, training: boolean, step = 0) => {
      const block = createBlock({ dropConnect }, [3, 3])
      const y = tf.tidy(() =>
        Array.from(block.apply(tf.tensor4d(images, [8, 4, 4, 3]), contextOf(training, step)).dataSync()),
      )
      block.dispose()
      return y
    }
    const [whole, half] = [run(0, true), run(0.5, true)]
    expect(run(0.5, false)).toEqual(run(0, false))
    expect(run(0.5, true)).toEqual(half)
    expect(run(0.5, true, 1)).not.toEqual(half)
    const kinds = Array.from({ length: 8 }, (_, image) => {
      const part = (values: ArrayLike<number>) => Array.from(values).slice(image * 48, (image + 1) * 48)
      const [x, y, full] = [part(images), part(half), part(whole)]
      if (y.every((value, index) => value === x[index])) return 'dropped'
      expect(y).toBeAllClose(x.map((value, index) => value + 2 * (full[index]! - value)))
      return 'kept'
    })
    expect(new Set(kinds)).toEqual(new Set(['dropped', 'kept']))
  })
})
