import { readFileSync } from 'node:fs'
import { countParams, createRegistry, createRng, type Json, type Shape } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { maxPool, nn } from '@tricklab/nn'
import { drawImages, seeds, shapes } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { blurPool, fusedBlurPool } from '../src/blur-pool.ts'
import blurpool from '../src/index.ts'
import { binomial, type OperatorName, operatorNames, planOperator } from '../src/operators.ts'

interface Case {
  operator: OperatorName
  size: number
  input: [number, number, number, number]
  output: [number, number, number, number]
  values: number[]
  gradient: number[]
}

const { cases } = JSON.parse(readFileSync(new URL('./golden/blurpool.json', import.meta.url), 'utf8')) as {
  cases: Case[]
}

const operators = fc.record({ operator: fc.constantFrom(...operatorNames), size: fc.integer({ min: 0, max: 7 }) })
const reflecting = operators.filter(({ operator }) => operator !== 'kornia-0.5')
const largeEnough = shapes({ size: [8, 15], channels: [1, 3] })

/** The block as a recipe builds it, on images of this many channels. */
function apply(images: tf.Tensor4D, options: { operator: OperatorName; size: number }): tf.Tensor4D {
  const registry = createRegistry([blurpool])
  const { use } = registry.normalize('block', { use: 'blurpool', ...options }, 'test')
  const channels = images.shape[3]
  const shape = { inputChannels: channels, outputChannels: channels, stride: 2, kernelSize: 3, activate: false }
  const block = registry.create('block', use, { ...shape, init: createRng(1) })
  return block.apply(images, { training: true, rng: createRng(0) })
}

/** The operator's blur without its max pool. */
function blur(images: tf.Tensor4D, { operator, size }: { operator: OperatorName; size: number }): tf.Tensor4D {
  return blurPool(images, planOperator(operator, size).blur)
}

function draw(seed: number, shape: Shape, batch = 1): tf.Tensor4D {
  return tf.tensor4d(drawImages(seed, batch, shape), [batch, ...shape])
}

/** As in golden/make_blurpool.py. */
function chirp(shape: readonly number[], phase: number): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + phase))
  return tf.tensor4d(values, shape as tf.Tensor4D['shape'])
}

describe.each(localEngines)('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(cases)('golden: $operator, size $size, $input', ({ input, output, values, gradient, ...options }) => {
    tf.tidy(() => {
      const dy = chirp(output, 1)
      const grad = tf.grad((x) => tf.sum(tf.mul(apply(x as tf.Tensor4D, options), dy)))(chirp(input, 0.2))
      const result = apply(chirp(input, 0.2), options)
      expect(result.shape).toEqual(output)
      expect(result).toBeAllClose(Float64Array.from(values), { rtol: 0, atol: 3e-7 })
      expect(grad).toBeAllClose(Float64Array.from(gradient), { rtol: 0, atol: 1e-6 })
    })
  })

  test('the gradient is the adjoint, borders included: ⟨blur(x), y⟩ = ⟨x, grad(y)⟩', () => {
    fc.assert(
      fc.property(operators, largeEnough, seeds, (options, shape, seed) => {
        tf.tidy(() => {
          const x = draw(seed, shape, 2)
          const y = draw(seed + 1, blur(x, options).shape.slice(1) as unknown as Shape, 2)
          const back = tf.grad((images) => tf.sum(tf.mul(blur(images as tf.Tensor4D, options), y)))(x)
          const left = tf.sum(tf.mul(blur(x, options), y))
          expect(left).toBeAllClose(tf.sum(tf.mul(x, back)), { rtol: 1e-4, atol: 1e-4 })
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe('properties', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('finite differences at every pixel: corners and edges too', () => {
    for (const operator of operatorNames) {
      tf.tidy(() => {
        const x = draw(3, [5, 6, 1])
        const weights = draw(4, blur(x, { operator, size: 0 }).shape.slice(1) as unknown as Shape)
        const value = (images: tf.Tensor4D) => tf.sum(tf.mul(blur(images, { operator, size: 0 }), weights))
        const gradient = tf
          .grad((images) => value(images as tf.Tensor4D))(x)
          .dataSync()
        for (let pixel = 0; pixel < x.size; pixel++) {
          // Linear in x, so a step of 1 is exact but for rounding.
          const step = tf.tensor4d(
            Float32Array.from({ length: x.size }, (_, i) => +(i === pixel)),
            x.shape,
          )
          const slope = tf.sub(value(tf.add(x, step)), value(x)).dataSync()[0]!
          expect(Math.abs(slope - gradient[pixel]!), `${operator}, pixel ${pixel}`).toBeLessThan(3e-6)
        }
      })
    }
  })

  test('the gradient of max and blur together is the slope', () => {
    tf.tidy(() => {
      const options = { operator: 'kornia-0.4', size: 0 } as const
      // Distinct values half apart: no step changes which pixel of a window is the largest.
      const order = createRng(5).at('order').permutation(48)
      const x = tf.tensor4d(
        Float32Array.from(order, (rank) => rank / 2),
        [1, 6, 8, 1],
      )
      const weights = draw(6, [3, 4, 1])
      const value = (images: tf.Tensor4D) => tf.sum(tf.mul(apply(images, options), weights))
      const gradient = tf
        .grad((images) => value(images as tf.Tensor4D))(x)
        .dataSync()
      for (let pixel = 0; pixel < x.size; pixel++) {
        const values = Float32Array.from({ length: x.size }, (_, i) => (i === pixel ? 0.125 : 0))
        const step = tf.tensor4d(values, x.shape)
        const rise = tf.sub(value(tf.add(x, step)), value(tf.sub(x, step))).dataSync()[0]!
        expect(Math.abs(rise / 0.25 - gradient[pixel]!), `pixel ${pixel}`).toBeLessThan(1e-4)
      }
    })
  })

  test('the filter sums to 1, is symmetric and never negative', () => {
    for (let size = 1; size <= 7; size++) {
      const taps = binomial(size)
      expect(taps).toHaveLength(size)
      expect(taps.reduce((sum, tap) => sum + tap, 0)).toBe(1)
      expect([...taps].reverse()).toEqual(taps)
      expect(Math.min(...taps)).toBeGreaterThan(0)
    }
    expect(planOperator('kornia-0.4', 0).blur).toEqual({
      taps: [1, 5, 10, 10, 5, 1].map((tap) => tap / 32),
      stride: 2,
      padding: [2, 3],
      border: 'reflect',
    })
  })

  test('constants are kept, with zeros around the image only inside', () => {
    fc.assert(
      fc.property(operators, largeEnough, fc.integer({ min: -9, max: 9 }), (options, [height, width], constant) => {
        tf.tidy(() => {
          const result = apply(tf.fill([1, height, width, 1], constant), options)
          const zeros = options.operator === 'kornia-0.5'
          const [, rows, columns] = result.shape
          const inside = zeros
            ? tf.slice(result, [0, 2, 2, 0], [1, Math.max(rows - 4, 0), Math.max(columns - 4, 0), 1])
            : result
          for (const value of inside.dataSync()) expect(value).toBe(constant)
        })
      }),
    )
    const dark = tf.tidy(() => apply(tf.ones([1, 8, 8, 1]), { operator: 'kornia-0.5', size: 3 }).dataSync()[0])
    expect(dark).toBe(0.5625)
  })

  test('no value is above the largest of the image, nor, with mirrored borders, below the smallest', () => {
    fc.assert(
      fc.property(reflecting, largeEnough, seeds, (options, shape, seed) => {
        tf.tidy(() => {
          const x = draw(seed, shape)
          const result = apply(x, options)
          expect(tf.max(result).dataSync()[0]).toBeLessThanOrEqual(tf.max(x).dataSync()[0]! + 1e-6)
          expect(tf.min(result).dataSync()[0]).toBeGreaterThanOrEqual(tf.min(x).dataSync()[0]! - 1e-6)
        })
      }),
    )
  })

  test('the blur is linear; max and blur is at least the blur of the same pixels', () => {
    fc.assert(
      fc.property(operators, largeEnough, seeds, fc.integer({ min: -4, max: 4 }), (options, shape, seed, factor) => {
        tf.tidy(() => {
          const [x, y] = [draw(seed, shape), draw(seed + 1, shape)]
          const together = blur(tf.add(tf.mul(x, factor), y), options)
          const apart = tf.add(tf.mul(blur(x, options), factor), blur(y, options))
          expect(together).toBeAllClose(apart, { atol: 1e-5 })
          const { max } = planOperator(options.operator, options.size)
          const cropped =
            max.padding > 0 ? x : tf.slice(x, 0, [1, shape[0] - max.size + 1, shape[1] - max.size + 1, shape[2]])
          expect(tf.min(tf.sub(apply(x, options), blur(cropped, options))).dataSync()[0]).toBeGreaterThan(-1e-5)
        })
      }),
    )
  })

  test('two pixels to the right and down are one pixel in the output, away from borders', () => {
    fc.assert(
      fc.property(operators, seeds, (options, seed) => {
        tf.tidy(() => {
          const x = draw(seed, [26, 26, 2])
          const window = (by: number) => apply(tf.slice(x, [0, by, by, 0], [1, 24, 24, 2]), options)
          // The widest filter and the max pool reach less than four output pixels over a border.
          const first = tf.slice(window(0), [0, 4, 4, 0], [1, 4, 4, 2])
          expect(tf.slice(window(2), [0, 3, 3, 0], [1, 4, 4, 2])).toBeAllClose(first, { rtol: 0, atol: 1e-6 })
        })
      }),
    )
  })

  test('one pixel to the side changes the output less than it changes a max pool', () => {
    for (const operator of operatorNames) {
      let [blurred, plain] = [0, 0]
      for (let seed = 0; seed < 10; seed++) {
        tf.tidy(() => {
          const x = draw(seed, [16, 17, 2])
          const change = (pool: (images: tf.Tensor4D) => tf.Tensor4D) => {
            const [left, right] = [0, 1].map((by) => pool(tf.slice(x, [0, 0, by, 0], [1, 16, 16, 2])))
            return tf.mean(tf.squaredDifference(left!, right!)).dataSync()[0]!
          }
          blurred += change((images) => apply(images, { operator, size: 0 }))
          plain += change((images) => maxPool(images, { size: 3, stride: 2, padding: 1 }))
        })
      }
      expect(blurred / plain, operator).toBeLessThan(0.7)
    }
  })

  test('a filter of one tap is subsampling', () => {
    fc.assert(
      fc.property(reflecting, largeEnough, seeds, ({ operator }, shape, seed) => {
        tf.tidy(() => {
          const x = draw(seed, shape)
          const expected = tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1])
          expect(Array.from(blur(x, { operator, size: 1 }).dataSync())).toEqual(Array.from(expected.dataSync()))
        })
      }),
    )
  })

  test('sizes are halved: upwards by kornia-0.4 and timm, downwards by adobe and kornia-0.5', () => {
    fc.assert(
      fc.property(fc.constantFrom(...operatorNames), largeEnough, (operator, [height, width]) => {
        tf.tidy(() => {
          const round = operator === 'kornia-0.4' || operator === 'timm' ? Math.ceil : Math.floor
          const { shape } = apply(tf.zeros([1, height, width, 1]), { operator, size: 0 })
          expect(shape).toEqual([1, round(height / 2), round(width / 2), 1])
        })
      }),
    )
  })

  test('channels go their own ways: their order does not matter', () => {
    fc.assert(
      fc.property(operators, shapes({ size: [8, 12], channels: [2, 5] }), seeds, (options, shape, seed) => {
        tf.tidy(() => {
          const x = draw(seed, shape)
          const order = tf.tensor1d(Int32Array.from(createRng(seed).at('order').permutation(shape[2])), 'int32')
          const before = apply(tf.gather(x, order, 3), options)
          expect(before).toBeAllClose(tf.gather(apply(x, options), order, 3), { rtol: 0, atol: 1e-6 })
        })
      }),
    )
  })

  test('the composed kernel is the plain sum over taps', () => {
    fc.assert(
      fc.property(operators, largeEnough, seeds, (options, shape, seed) => {
        const { blur: attrs } = planOperator(options.operator, options.size)
        const [height, width, channels] = shape
        const pixels = drawImages(seed, 1, shape)
        const [result] = fusedBlurPool.composed({ x: tf.tensor4d(pixels, [1, ...shape]) }, attrs)
        const [, rows, columns] = result.shape as [number, number, number, number]
        const at = (index: number, size: number) => {
          if (attrs.border === 'zero') return index >= 0 && index < size ? index : undefined
          return index < 0 ? -index : index >= size ? 2 * size - 2 - index : index
        }
        const expected = Array.from({ length: rows * columns * channels }, (_, flat) => {
          const channel = flat % channels
          const [i, j] = [Math.floor(flat / channels / columns), Math.floor(flat / channels) % columns]
          let sum = 0
          for (const [a, tapA] of attrs.taps.entries()) {
            for (const [b, tapB] of attrs.taps.entries()) {
              const row = at(2 * i + a - attrs.padding[0]!, height)
              const column = at(2 * j + b - attrs.padding[0]!, width)
              if (row === undefined || column === undefined) continue
              sum += tapA * tapB * pixels[(row * width + column) * channels + channel]!
            }
          }
          return sum
        })
        expect(result).toBeAllClose(new Float64Array(expected), { rtol: 1e-5, atol: 1e-6 })
        result.dispose()
      }),
    )
  })

  test.each(['everywhere', 'stem', 'shortcut'])('in the slot of xresnet, %s: sizes stay, no weights come', (where) => {
    const build = (slots: Record<string, Json>) => {
      const registry = createRegistry([nn, blurpool])
      const problems: Problem[] = []
      const normal = normalizeModel({ use: 'xresnet18', widths: [2, 3, 4, 5], slots }, registry, 'test', problems)
      expect(problems).toEqual([])
      return createModel(registry, normal, { imageShape: [128, 128, 3], classes: 10, init: createRng(1) })
    }
    const [plain, blurred] = [build({}), build({ pool: { use: 'blurpool', where } })]
    expect(countParams(blurred.params)).toBe(countParams(plain.params))
    // 36 a pixel: 64 channels in the stem; 2, 3 and 4 in the shortcuts.
    const [stem, shortcuts] = [32 ** 2 * 64 * 36, (16 ** 2 * 2 + 8 ** 2 * 3 + 4 ** 2 * 4) * 36]
    const expected = { everywhere: stem + shortcuts, stem, shortcut: shortcuts }[where]
    expect(blurred.macs([128, 128, 3]) - plain.macs([128, 128, 3])).toBe(expected)
    const scores = tf.tidy(() => {
      const images = tf.tensor4d(drawImages(1, 2, [128, 128, 3]), [2, 128, 128, 3])
      return blurred.apply(images, { training: true, rng: createRng(0) }).dataSync()
    })
    expect(scores.every(Number.isFinite)).toBe(true)
    plain.dispose()
    blurred.dispose()
  })
})
