import {
  type Block,
  type BlockContext,
  countParams,
  createRegistry,
  createRng,
  type Json,
  listParams,
  type Rng,
} from '@tricklab/core'
import type { FilledSlot, SlotReader } from '@tricklab/core/plugin'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { averagePool2, createMaxPoolBlock, createXresnetBlock, nn } from '@tricklab/nn'
import { drawImages, seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import poolFirst, { createPoolFirstBlock } from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const contexts = fc
  .record({
    inputChannels: fc.integer({ min: 1, max: 5 }),
    outputChannels: fc.constantFrom(2, 4),
    offers: fc.record({ expansion: fc.constantFrom(1, 2) }),
    stride: fc.constantFrom(1, 2),
    activate: fc.boolean(),
    seed: seeds,
  })
  .map(({ seed, ...rest }): BlockContext => ({ ...rest, kernelSize: 3, init: createRng(seed) }))

const sizes = fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 9 }))

const shapesOf = ({ params }: Block) =>
  listParams(params).map(({ path, role, value }) => ({ path, role, shape: value.shape }))

/** Random values in place of the γ that starts at 0 and keeps the branch out. */
function shake({ params }: Block, seed: number): void {
  for (const [index, { path, value }] of listParams(params).entries()) {
    const stream = createRng(seed).at('shake', index)
    const positive = path.endsWith('variance') || path.endsWith('gamma')
    value.assign(
      tf.tidy(() => {
        const values = Float32Array.from({ length: value.size }, () => stream.normal())
        return tf.tensor(positive ? values.map((entry) => 0.5 + Math.abs(entry)) : values, value.shape)
      }),
    )
  }
}

/** What comes out in training and in evaluation, and what training leaves in the parameters. */
function run(block: Block, images: tf.Tensor4D): number[][] {
  const apply = (training: boolean) =>
    tf.tidy(() => Array.from(block.apply(images, { training, rng: createRng(0) }).dataSync()))
  return [apply(false), apply(true), ...listParams(block.params).map(({ value }) => Array.from(value.dataSync()))]
}

function imagesOf(seed: number, [height, width]: readonly number[], channels: number): tf.Tensor4D {
  return tf.tensor4d(drawImages(seed, 3, [height!, width!, channels]), [3, height!, width!, channels])
}

describe('a block that pools first', () => {
  test('has the parameters of the xresnet block and starts with the same values', () => {
    fc.assert(
      fc.property(contexts, (context) => {
        const [own, theirs] = [createPoolFirstBlock(context), createXresnetBlock(context)]
        expect(shapesOf(own)).toEqual(shapesOf(theirs))
        for (const [index, { value }] of listParams(own.params).entries()) {
          expect(value.dataSync()).toEqual(listParams(theirs.params)[index]!.value.dataSync())
        }
        own.dispose()
        theirs.dispose()
      }),
      { numRuns: 50 },
    )
  })

  test('is as large, outside, as the xresnet block, and never does more', () => {
    fc.assert(
      fc.property(contexts, sizes, (context, [height, width]) => {
        const [own, theirs] = [createPoolFirstBlock(context), createXresnetBlock(context)]
        const input = [height, width, context.inputChannels] as const
        expect(own.outputShape(input)).toEqual(theirs.outputShape(input))
        expect(own.macs(input)).toBeLessThanOrEqual(theirs.macs(input))
        own.dispose()
        theirs.dispose()
      }),
      { numRuns: 50 },
    )
  })

  test('is, at stride 1, the function of the xresnet block', () => {
    fc.assert(
      fc.property(contexts, sizes, seeds, (context, size, seed) => {
        const plain = { ...context, stride: 1 }
        const images = imagesOf(seed, size, context.inputChannels)
        const [own, theirs] = [createPoolFirstBlock, createXresnetBlock].map((create) => {
          const block = create(plain)
          shake(block, seed)
          const result = run(block, images)
          block.dispose()
          return result
        })
        expect(own).toEqual(theirs)
        images.dispose()
      }),
      { numRuns: 30 },
    )
  })

  test('is, at stride 2, the stride-1 xresnet block of the pooled images', () => {
    fc.assert(
      fc.property(contexts, sizes, seeds, (context, size, seed) => {
        const images = imagesOf(seed, size, context.inputChannels)
        const pooled = averagePool2(images)
        const own = createPoolFirstBlock({ ...context, stride: 2 })
        const theirs = createXresnetBlock({ ...context, stride: 1 })
        for (const block of [own, theirs]) shake(block, seed)
        expect(run(own, images)).toEqual(run(theirs, pooled))
        for (const part of [own, theirs, images, pooled]) part.dispose()
      }),
      { numRuns: 30 },
    )
  })

  test('takes the pool that stands in the slot, once, and never at stride 1', () => {
    const asked: BlockContext[] = []
    const pool: FilledSlot = {
      use: 'max-pool',
      create(context) {
        asked.push(context)
        return createMaxPoolBlock(context)
      },
    }
    const slots = {
      slot: () => undefined,
      optionalSlot: (name: string) => (name === 'pool' ? pool : undefined),
      slotUses: () => [],
    } as unknown as SlotReader
    const context = { inputChannels: 3, outputChannels: 4, kernelSize: 3, activate: false, init: createRng(1) }
    createPoolFirstBlock({ ...context, stride: 1, slots }).dispose()
    expect(asked).toEqual([])
    const block = createPoolFirstBlock({ ...context, stride: 2, slots })
    expect(asked).toMatchObject([{ inputChannels: 3, outputChannels: 3, kernelSize: 2, stride: 2, activate: false }])
    // The branch starts at 0, so the outcome is norm(conv(maximum)): the largest values decide, no others.
    const images = imagesOf(1, [4, 4], 3)
    const spread = tf.tidy(() => tf.image.resizeNearestNeighbor(tf.maxPool(images, 2, 2, 'valid'), [4, 4]))
    const [first, second] = [images, spread].map((input) =>
      tf.tidy(() => Array.from(block.apply(input, { training: true, rng: createRng(0) }).dataSync())),
    )
    expect(first).toEqual(second)
    for (const part of [block, images, spread]) part.dispose()
  })
})

describe('xresnet50 of such blocks', () => {
  const registry = createRegistry([nn, poolFirst])

  /** Draws zeros: sizes are counted here, and millions of normal numbers take their time. */
  const zeros: Rng = {
    at: () => ({
      uniform: () => 0,
      integer: () => 0,
      normal: () => 0,
      gamma: () => 0,
      beta: () => 0,
      permutation: (length) => new Uint32Array(length),
    }),
    scope: () => zeros,
  }

  function create(slots: { [name: string]: Json }) {
    const use = { use: 'xresnet50', stemWidths: [32, 64, 64], slots }
    const normal = normalizeModel(use, registry, 'test', [])
    return createModel(registry, normal, { imageShape: [128, 128, 3], classes: 10, init: zeros })
  }

  // 1.652, 3.717, 5.059 and 6.608 G are documented with self-attention, whose two products of C²·N and one of 1 × 1 come
  // to 3·C²·N, for C = 256 and N = (side / 4)².
  test('has the documented parameters and multiply-accumulates', () => {
    const model = create({ residual: 'pool-first' })
    expect(countParams(model.params)).toBe(23_575_466)
    expect(model.layers.filter(({ type }) => type === 'pool-first')).toHaveLength(16)
    for (const [side, expected] of [
      [128, '1.652'],
      [192, '3.717'],
      [224, '5.059'],
      [256, '6.608'],
    ] as const) {
      const attention = 3 * 256 ** 2 * (side / 4) ** 2
      expect(((model.macs([side, side, 3]) + attention) / 1e9).toFixed(3)).toBe(expected)
    }
    model.dispose()
  })

  test('does 4 to 5 % less than with blocks of xresnet', () => {
    const [own, theirs] = [create({ residual: 'pool-first' }), create({})].map((model) => {
      const macs = model.macs([256, 256, 3])
      model.dispose()
      return macs
    })
    expect(own! / theirs!).toBeGreaterThan(0.95)
    expect(own! / theirs!).toBeLessThan(0.96)
    expect(own! / 4e9).toBeCloseTo(1.451, 3)
  })
})
