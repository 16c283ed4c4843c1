import { type BlockContext, createRng, listParams, type Shape, TricklabError } from '@tricklab/core'
import { trainable } from '@tricklab/core/params'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createCrossEntropy } from '../src/index.ts'
import {
  chirp,
  contextOf,
  createBlock,
  createModel,
  deviation,
  differentiate,
  expectNoLeak,
  registry,
} from './helpers.ts'

const blocks = ['conv', 'double-conv', 'residual-conv']

beforeAll(async () => {
  await prepareEngine('cpu')
})

const sizes = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  inputChannels: fc.integer({ min: 1, max: 3 }),
  outputChannels: fc.integer({ min: 1, max: 3 }),
  stride: fc.constantFrom(1, 2),
  kernelSize: fc.constantFrom(1, 3, 5),
  activate: fc.boolean(),
})

describe.each(blocks)('block %s', (name) => {
  test('declares the shape that it puts out, and leaves no tensor behind', () => {
    fc.assert(
      fc.property(sizes, ({ height, width, ...context }) => {
        expectNoLeak(() => {
          const block = createBlock(name, context)
          const shape = tf.tidy(() => {
            const images = chirp<tf.Rank.R4>([2, height, width, context.inputChannels], 1)
            return block.apply(images, contextOf(true)).shape
          })
          expect(shape).toEqual([2, ...block.outputShape([height, width, context.inputChannels])])
          block.dispose()
        })
      }),
      { numRuns: 60 },
    )
  })

  test('halves odd and even sizes upwards at stride 2, keeps them at stride 1', () => {
    const strided = createBlock(name, { stride: 2 })
    const plain = createBlock(name)
    for (const [height, width] of [
      [28, 7],
      [1, 2],
    ] as const) {
      expect(strided.outputShape([height, width, 2])).toEqual([Math.ceil(height / 2), Math.ceil(width / 2), 3])
      expect(plain.outputShape([height, width, 2])).toEqual([height, width, 3])
    }
    strided.dispose()
    plain.dispose()
  })

  test('the same key gives the same weights, another key others', () => {
    const weights = (seed: number) => {
      const block = createBlock(name, { init: createRng(seed) })
      const values = listParams(block.params).map(({ path, value }) => [path, ...value.dataSync()])
      block.dispose()
      return values
    }
    expect(weights(1)).toEqual(weights(1))
    expect(weights(1)).not.toEqual(weights(2))
  })

  test('no two weights share their values', () => {
    const block = createBlock(name, { inputChannels: 3, outputChannels: 3 })
    const values = listParams(block.params)
      .filter(({ role }) => role === 'weight')
      .map(({ value }) => value.dataSync().join())
    expect(new Set(values).size).toBe(values.length)
    block.dispose()
  })

  test('evaluates an image alone as in company', () => {
    const block = createBlock(name)
    tf.tidy(() => {
      const images = chirp<tf.Rank.R4>([3, 4, 4, 2], 1)
      // Away from their start, so that they count.
      block.apply(images, contextOf(true))
      const together = tf.slice(block.apply(images, contextOf(false)), 0, 1)
      const alone = block.apply(tf.slice(images, 0, 1), contextOf(false))
      expect(deviation(alone.dataSync(), together.dataSync())).toBeLessThan(1e-6)
    })
    block.dispose()
  })

  test('training moves the running statistics, evaluation does not', () => {
    const block = createBlock(name)
    const buffers = () =>
      listParams(block.params)
        .filter(({ role }) => role === 'buffer')
        .map(({ value }) => value.dataSync().slice())
    const start = buffers()
    tf.tidy(() => block.apply(chirp<tf.Rank.R4>([3, 4, 4, 2], 1), contextOf(false)))
    expect(buffers()).toEqual(start)
    tf.tidy(() => block.apply(chirp<tf.Rank.R4>([3, 4, 4, 2], 1), contextOf(true)))
    for (const [index, values] of buffers().entries()) expect(values).not.toEqual(start[index])
    block.dispose()
  })

  test('without norm convolutions have a bias, and only then', () => {
    const paths = (norm: boolean) => {
      const block = createBlock(name, { inputChannels: 3 }, { norm })
      const result = listParams(block.params).map(({ path }) => path)
      block.dispose()
      return result
    }
    expect(paths(true).filter((path) => path.endsWith('bias'))).toEqual([])
    expect(paths(false).filter((path) => path.endsWith('bias')).length).toBeGreaterThan(0)
    expect(paths(false).some((path) => path.includes('norm'))).toBe(false)
  })

  test('every weight has a gradient', () => {
    const block = createBlock(name, { stride: 2 })
    const x = chirp<tf.Rank.R4>([3, 5, 5, 2], 1)
    const { gradients } = differentiate(block.params, () => {
      const y = block.apply(x, contextOf(true))
      return tf.sum(tf.mul(y, chirp(y.shape, 2)))
    })
    expect(Object.keys(gradients)).toEqual(trainable(listParams(block.params)).map(({ path }) => path))
    for (const [path, values] of Object.entries(gradients)) {
      expect(
        values.every((value) => value !== 0),
        path,
      ).toBe(true)
    }
    x.dispose()
    block.dispose()
  })
})

describe('block residual-conv', () => {
  test('adds the image itself where stride and channels stay', () => {
    const block = createBlock('residual-conv', { inputChannels: 2, outputChannels: 2, activate: false })
    expect(listParams(block.params).some(({ path }) => path.startsWith('idConv'))).toBe(false)
    for (const { path, value } of listParams(block.params)) {
      if (path === 'convB/norm/gamma') value.assign(tf.zerosLike(value))
    }
    tf.tidy(() => {
      const images = chirp<tf.Rank.R4>([2, 3, 3, 2], 1)
      expect(deviation(block.apply(images, contextOf(true)).dataSync(), images.dataSync())).toBe(0)
    })
    block.dispose()
  })

  test('has one multiply-accumulate more for each weight of the shortcut and pixel', () => {
    const residual = createBlock('residual-conv', { stride: 2 })
    const double = createBlock('double-conv', { stride: 2 })
    expect(residual.macs([5, 5, 2]) - double.macs([5, 5, 2])).toBe(2 * 3 * 3 * 3)
    residual.dispose()
    double.dispose()
  })

  test('refuses strides above 2 and kernels of even size', () => {
    expect(() => createBlock('residual-conv', { stride: 3 })).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: expect.stringContaining('stride 1 or 2') }),
    )
    const even = createBlock('residual-conv', { kernelSize: 2 })
    expect(() => even.outputShape([4, 4, 2])).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: expect.stringContaining('odd kernel') }),
    )
    even.dispose()
  })
})

describe('initial weights', () => {
  // Deviation √(2 / (1 + slope²) / fanIn), slope .1 where an activation follows, else 0; PyTorch's is 1/√(3·fanIn).
  const kaiming = (fanIn: number, slope: number) => Math.sqrt(2 / (1 + slope ** 2) / fanIn)
  test.each([
    ['conv', true, { 'conv/weight': kaiming(180, 0.1) }],
    ['conv', false, { 'conv/weight': kaiming(180, 0) }],
    ['double-conv', true, { 'convA/conv/weight': kaiming(180, 0.1), 'convB/conv/weight': kaiming(270, 0.1) }],
    [
      'residual-conv',
      true,
      {
        'convA/conv/weight': kaiming(180, 0.1),
        'convB/conv/weight': kaiming(270, 0),
        'idConv/weight': 1 / Math.sqrt(3 * 20),
      },
    ],
    ['residual-conv', false, { 'convA/conv/weight': kaiming(180, 0), 'convB/conv/weight': kaiming(270, 0) }],
  ])('of %s, activation %s', (name, activate, expected) => {
    // Averaged over seeds, a deviation is known to .15 % (the two slopes differ by .5 %); idConv is small, so to 1 %.
    const seeds = Array.from({ length: 40 }, (_, seed) => seed)
    const squares = new Map<string, number>()
    for (const seed of seeds) {
      const block = createBlock(name, { inputChannels: 20, outputChannels: 30, activate, init: createRng(seed) })
      for (const { path, value } of listParams(block.params)) {
        const mean = tf.tidy(() => tf.mean(tf.square(value)).dataSync()[0]!)
        squares.set(path, (squares.get(path) ?? 0) + mean / seeds.length)
      }
      block.dispose()
    }
    for (const [path, deviation] of Object.entries(expected)) {
      const tolerance = path.startsWith('idConv') ? 1e-2 : 2.4e-3
      expect(Math.abs(Math.sqrt(squares.get(path)!) / deviation - 1), path).toBeLessThan(tolerance)
    }
  })
})

describe('models', () => {
  test('name the place and both shapes when images have other channels', () => {
    const model = createModel('slowai-deeper-cnn', { block: 'double-conv' })
    const images = tf.zeros<tf.Rank.R4>([2, 28, 28, 3])
    expect(() => tf.tidy(() => model.apply(images, contextOf(false)))).toThrow(
      '[E_SHAPE] In layers/0/convA/conv: conv2d cannot take these images. ' +
        'Expected: [height 28, width 28, channels 1]. Received: [height 28, width 28, channels 3].',
    )
    images.dispose()
    model.dispose()
  })

  test('refuse images that do not end as one pixel', () => {
    expect(() => createModel('slowai-cnn', { imageShape: [64, 64, 1] })).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: expect.stringContaining('height 2, width 2, channels 10') }),
    )
  })

  test('batch norm refuses to train on one value a channel', () => {
    const model = createModel('slowai-cnn', { options: { widths: [1, 1, 1, 1] } })
    const images = tf.zeros<tf.Rank.R4>([1, 28, 28, 1])
    let message = ''
    try {
      tf.tidy(() => model.apply(images, contextOf(true)))
    } catch (error) {
      message = error instanceof TricklabError ? error.message : ''
    }
    expect(message).toContain('[E_SHAPE] In layers/4/norm: Batch norm cannot train on a single value for each channel.')
    images.dispose()
    model.dispose()
  })

  test('the last block has no activation, its residual branch included', () => {
    const seen: boolean[] = []
    const { use } = registry.normalize('model', 'slowai-deeper-cnn', 'test')
    const model = registry.create('model', use, {
      imageShape: [28, 28, 1],
      classes: 10,
      init: createRng(1),
      slot: () => ({
        use: 'conv',
        create: ((context: BlockContext) => {
          seen.push(context.activate)
          return createBlock('conv', context)
        }) as never,
      }),
      optionalSlot: () => undefined,
      slotUses: () => [],
    })
    expect(seen).toEqual([true, true, true, true, true, false])
    model.dispose()
  })

  test('dispose of every variable', () => {
    expectNoLeak(() => {
      createModel('slowai-deeper-cnn', { block: 'residual-conv' }).dispose()
      createModel('resnet18').dispose()
    })
  })

  test('start with a loss near that of guessing', () => {
    const model = createModel('slowai-deeper-cnn', { options: { widths: [2, 3, 4, 4, 4] } })
    const loss = tf.tidy(() => {
      const images = chirp<tf.Rank.R4>([8, 28, 28, 1], 1)
      const targets = tf.cast(tf.oneHot([0, 1, 2, 3, 4, 5, 6, 7], 10), 'float32') as tf.Tensor2D
      return createCrossEntropy()
        .apply(model.apply(images, contextOf(true)), targets)
        .dataSync()[0]!
    })
    // The last batch norm gives scores of deviation 1: ln 10 + ½ on average.
    expect(Math.abs(loss - Math.log(10) - 0.5)).toBeLessThan(0.8)
    model.dispose()
  })
})

test('macs of a model are those of its layers together', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...blocks),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 6 }),
      (block, widths) => {
        // 8 × 8 pixels halve to 1 × 1 in three blocks; further ones keep that.
        const model = createModel('slowai-deeper-cnn', {
          block,
          options: { widths },
          imageShape: [8, 8, 2],
          classes: 3,
        })
        let shape: Shape = [8, 8, 2]
        let sum = 0
        for (const layer of model.layers) {
          sum += layer.block.macs(shape)
          shape = layer.block.outputShape(shape)
        }
        expect(model.macs([8, 8, 2])).toBe(sum)
        model.dispose()
      },
    ),
    { numRuns: 20 },
  )
})
