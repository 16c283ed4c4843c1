import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, listParams, type Shape } from '@tricklab/core'
import type { ApplyContext } from '@tricklab/core/contracts'
import type { Problem } from '@tricklab/core/errors'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { nn } from '@tricklab/nn'
import { drawImages, seeds, shapes } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import ssa from '../src/index.ts'
import { attentionMacs, gram, type Order, selfAttention } from '../src/self-attention.ts'
import { iteratePower, normalizeSpectrum } from '../src/spectral-norm.ts'

interface Case {
  order: Order
  spectralNorm: boolean
  shape: [number, number, number, number]
  values: number[]
  evaluated: number[]
  images: number[]
  weight: number[]
  gamma: number[]
  u?: number[]
  v?: number[]
}

const golden = JSON.parse(readFileSync(new URL('./golden/ssa.json', import.meta.url), 'utf8')) as {
  gamma: number
  cases: Case[]
}

const orders = ['channels', 'positions'] as const
const small = shapes({ size: [1, 7], channels: [1, 6] })
const training: ApplyContext = { training: true, rng: createRng(0) }
const evaluation: ApplyContext = { training: false, rng: createRng(0) }

/** The block as a recipe builds it. */
function createBlock(channels: number, options: object = {}, seed = 1): Block {
  const registry = createRegistry([ssa])
  const { use } = registry.normalize('block', { use: 'ssa', ...options }, 'test')
  const shape = { inputChannels: channels, outputChannels: channels, stride: 1, kernelSize: 1, activate: false }
  return registry.create('block', use, { ...shape, init: createRng(seed) })
}

function variable(block: Block, path: string): tf.Variable {
  return listParams(block.params).find((param) => param.path === path)!.value
}

function assign(block: Block, path: string, values: ArrayLike<number>): void {
  const { shape } = variable(block, path)
  tf.tidy(() => variable(block, path).assign(tf.tensor(Float32Array.from(values), shape)))
}

function draw(seed: number, shape: Shape, batch = 2): tf.Tensor4D {
  return tf.tensor4d(drawImages(seed, batch, shape), [batch, ...shape])
}

function drawWeight(seed: number, channels: number): tf.Tensor2D {
  return tf.tensor2d(drawImages(seed, 1, [channels, channels, 1]), [channels, channels])
}

/** As in golden/make_ssa.py. */
function chirp(size: number, phase: number, scale = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.7 * i * i + phase))
}

function direction(size: number, phase: number): number[] {
  const values = Array.from(chirp(size, phase))
  const length = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  return values.map((value) => value / length)
}

/** Largest singular value of `[C, C]`, by power iteration in float64. */
function largestSingularValue(matrix: number[][]): number {
  const size = matrix.length
  const norm = (vector: number[]) => Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0))
  let vector = direction(size, 0.3)
  let sigma = 0
  for (let step = 0; step < 3000; step++) {
    const left = matrix.map((row) => row.reduce((sum, value, j) => sum + value * vector[j]!, 0))
    const right = vector.map((_, j) => matrix.reduce((sum, row, i) => sum + row[j]! * left[i]!, 0))
    sigma = Math.sqrt(norm(right))
    vector = right.map((value) => value / norm(right))
  }
  return sigma
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('golden: $order, spectral norm $spectralNorm, $shape', (expected) => {
    const { order, spectralNorm, shape } = expected
    const channels = shape[3]
    const block = createBlock(channels, { order, spectralNorm })
    assign(block, 'weight', chirp(channels ** 2, 0.5, Math.sqrt(2 / channels)))
    assign(block, 'gamma', [golden.gamma])
    if (spectralNorm) {
      assign(block, 'u', direction(channels, 2))
      assign(block, 'v', direction(channels, 3))
    }
    tf.tidy(() => {
      const size = shape.reduce((a, b) => a * b, 1)
      const x = tf.tensor4d(chirp(size, 0.2), shape)
      const dy = tf.tensor4d(chirp(size, 1), shape)
      const watched = tf.variable(x)
      block.apply(watched as unknown as tf.Tensor4D, training)
      let values: tf.Tensor | undefined
      const [weight, gamma] = [variable(block, 'weight'), variable(block, 'gamma')]
      const { grads } = tf.variableGrads(() => {
        values = tf.keep(block.apply(watched as unknown as tf.Tensor4D, training))
        return tf.sum(tf.mul(values, dy))
      }, [watched, weight, gamma])
      const near = (actual: tf.Tensor, numbers: readonly number[]) => {
        expect(actual).toBeAllClose(Float64Array.from(numbers), { rtol: 3e-6, atol: 3e-6 })
      }
      near(values!, expected.values)
      near(block.apply(x, evaluation), expected.evaluated)
      near(grads[watched.name]!, expected.images)
      near(grads[weight.name]!, expected.weight)
      near(grads[gamma.name]!, expected.gamma)
      if (spectralNorm) {
        near(variable(block, 'u'), expected.u!)
        near(variable(block, 'v'), expected.v!)
      }
      tf.dispose([values!, watched])
    })
    block.dispose()
  })
})

describe('the attention term', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('is the same in both orders, and so are its gradients', () => {
    fc.assert(
      fc.property(small, seeds, (shape, seed) => {
        tf.tidy(() => {
          const weight = drawWeight(seed, shape[2])
          const dy = draw(seed + 2, shape)
          const scale = shape[0] * shape[1] * shape[2]
          const [channels, positions] = orders.map((order) => {
            const compute = (x: tf.Tensor, w: tf.Tensor) => selfAttention(x as tf.Tensor4D, w as tf.Tensor2D, order)
            const value = compute(draw(seed + 1, shape), weight)
            const gradients = tf.grads((x, w) => tf.sum(tf.mul(compute(x!, w!), dy)))([draw(seed + 1, shape), weight])
            return [value, ...gradients]
          })
          for (const [index, value] of channels!.entries()) {
            expect(value).toBeAllClose(positions![index]!, { rtol: 1e-4, atol: 1e-5 * scale })
          }
        })
      }),
    )
  })

  test('moves with the positions: SSA(X P) = SSA(X) P', () => {
    fc.assert(
      fc.property(small, seeds, fc.constantFrom(...orders), ([height, width, channels], seed, order) => {
        tf.tidy(() => {
          const positions = height * width
          const weight = drawWeight(seed, channels)
          const row = draw(seed + 1, [1, positions, channels])
          const order1d = tf.tensor1d(Int32Array.from(createRng(seed).at('order').permutation(positions)), 'int32')
          const moved = selfAttention(tf.gather(row, order1d, 2), weight, order)
          const expected = tf.gather(selfAttention(row, weight, order), order1d, 2)
          expect(moved).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 * positions * channels })
        })
      }),
    )
  })

  test('grows with the cube of the images, and only within each image', () => {
    fc.assert(
      fc.property(small, seeds, fc.constantFrom(...orders), (shape, seed, order) => {
        tf.tidy(() => {
          const weight = drawWeight(seed, shape[2])
          const x = draw(seed + 1, shape)
          const term = selfAttention(x, weight, order)
          // Powers of 2 scale exactly.
          expect(Array.from(selfAttention(tf.mul(x, 2), weight, order).dataSync())).toEqual(
            Array.from(tf.mul(term, 8).dataSync()),
          )
          const first = selfAttention(tf.slice(x, 0, [1, ...shape]), weight, order)
          expect(tf.slice(term, 0, [1, ...shape])).toBeAllClose(first)
        })
      }),
    )
  })

  test('X Xᵀ is symmetric, and no direction has a negative square in it', () => {
    fc.assert(
      fc.property(small, seeds, ([height, width, channels], seed) => {
        tf.tidy(() => {
          const pixels = tf.reshape(draw(seed, [height, width, channels]), [2, height * width, channels]) as tf.Tensor3D
          const products = gram(pixels)
          expect(products).toBeAllClose(tf.transpose(products, [0, 2, 1]))
          const directions = tf.reshape(draw(seed + 1, [channels, 5, 1]), [2, channels, 5])
          const squares = tf.sum(tf.mul(directions, tf.matMul(products, directions)), 1)
          expect(tf.min(squares).dataSync()[0]).toBeGreaterThan(-1e-4 * height * width)
        })
      }),
    )
  })

  test('costs 3C²N by channels, C²N + 2CN² by positions', () => {
    expect(attentionMacs(256, 1024, 'channels')).toBe(201_326_592)
    expect(attentionMacs(256, 1024, 'positions')).toBe(603_979_776)
    expect(attentionMacs(7, 7, 'channels')).toBe(attentionMacs(7, 7, 'positions'))
    for (const order of orders) {
      const block = createBlock(4, { order })
      expect(block.macs([3, 5, 4])).toBe(attentionMacs(4, 15, order))
      block.dispose()
    }
  })
})

describe('the block', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('is the identity while γ is 0, when γ alone has a gradient', () => {
    fc.assert(
      fc.property(small, seeds, fc.constantFrom(...orders), (shape, seed, order) => {
        const block = createBlock(shape[2], { order }, seed)
        const [weight, gamma] = [variable(block, 'weight'), variable(block, 'gamma')]
        tf.tidy(() => {
          const x = draw(seed, shape)
          const dy = draw(seed + 1, shape)
          for (const context of [training, evaluation]) {
            const result = block.apply(x, context)
            expect(result.shape).toEqual(x.shape)
            expect(Array.from(result.dataSync())).toEqual(Array.from(x.dataSync()))
          }
          const { grads } = tf.variableGrads(() => tf.sum(tf.mul(block.apply(x, training), dy)), [weight, gamma])
          expect(tf.max(tf.abs(grads[weight.name]!)).dataSync()[0]).toBe(0)
          expect(Math.abs(grads[gamma.name]!.dataSync()[0]!)).toBeGreaterThan(0)
        })
        block.dispose()
      }),
      { numRuns: 40 },
    )
  })

  test('W starts kaiming-normal', () => {
    const block = createBlock(64)
    const values = Array.from(variable(block, 'weight').dataSync())
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
    expect(Math.abs(deviation / Math.sqrt(2 / 64) - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length))
    block.dispose()
  })

  test.each([false, true])(
    'symmetric %s: after enough forwards W in use has the largest singular value 1',
    (symmetric) => {
      const block = createBlock(8, { symmetric })
      assign(block, 'gamma', [1])
      // Unit vectors are orthogonal: with X = the identity matrix, (X Xᵀ)(W X) is W itself.
      const unit = tf.reshape(tf.eye(8), [1, 1, 8, 8]) as tf.Tensor4D
      const matrix = () =>
        tf.tidy(() => (tf.reshape(tf.sub(block.apply(unit, evaluation), unit), [8, 8]) as tf.Tensor2D).arraySync())
      expect(Math.abs(largestSingularValue(matrix()) - 1)).toBeGreaterThan(0.01)
      for (let step = 0; step < 300; step++) tf.tidy(() => block.apply(unit, training))
      expect(largestSingularValue(matrix())).toBeCloseTo(1, 4)
      if (symmetric) {
        for (const [i, row] of matrix().entries()) {
          for (const [j, value] of row.entries()) expect(value).toBeCloseTo(matrix()[j]![i]!, 5)
        }
      }
      unit.dispose()
      block.dispose()
    },
  )

  test('without spectral norm W is used as it is, and there is no state', () => {
    const block = createBlock(3, { spectralNorm: false })
    expect(listParams(block.params).map(({ path, role }) => [path, role])).toEqual([
      ['weight', 'weight'],
      ['gamma', 'weight'],
    ])
    assign(block, 'gamma', [0.5])
    tf.tidy(() => {
      const x = draw(1, [2, 3, 3])
      const weight = tf.reshape(variable(block, 'weight'), [3, 3]) as tf.Tensor2D
      const expected = tf.add(x, tf.mul(selfAttention(x, weight, 'positions'), 0.5))
      expect(block.apply(x, training)).toBeAllClose(expected, { atol: 1e-5 })
    })
    block.dispose()
  })

  test('the gradient through the norm: W scaled is the same W, so W itself is orthogonal to it', () => {
    tf.tidy(() => {
      const weight = drawWeight(3, 5)
      const vectors = iteratePower(weight, { u: tf.tensor1d(direction(5, 2)) })
      const dy = drawWeight(4, 5)
      const gradient = tf.grad((w) => tf.sum(tf.mul(normalizeSpectrum(w as tf.Tensor2D, vectors), dy)))(weight)
      expect(tf.sum(tf.mul(gradient, weight))).toBeAllClose(0, { atol: 1e-5 })
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0.01)
    })
  })

  test.each([
    ['xresnet50', 23_613_290 + 1],
    ['xresnet18', 11_204_971],
  ] as const)('in %s at the end of stage 1: %i weights', (use, expected) => {
    const registry = createRegistry([nn, ssa])
    const problems: Problem[] = []
    const slots = { attention: { use: 'ssa', where: 'stage1-last' } }
    const normal = normalizeModel({ use, slots }, registry, 'test', problems)
    expect(problems).toEqual([])
    const build = (definition: typeof normal) =>
      createModel(registry, definition, { imageShape: [128, 128, 3], classes: 10, init: createRng(1) })
    const model = build(normal)
    expect(countParams(model.params)).toBe(expected)
    const attention = listParams(model.params).filter(({ path }) => path.includes('attention'))
    const last = use === 'xresnet50' ? 'stage1/block3' : 'stage1/block2'
    expect(attention.map(({ path }) => path)).toEqual(
      ['weight', 'gamma', 'u', 'v'].map((name) => `${last}/attention/${name}`),
    )
    const plain = build(normalizeModel({ use }, registry, 'test', problems))
    const channels = use === 'xresnet50' ? 256 : 64
    expect(model.macs(model.inputShape) - plain.macs(model.inputShape)).toBe(3 * channels ** 2 * 1024)
    model.dispose()
    plain.dispose()
  })
})
