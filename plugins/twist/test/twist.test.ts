import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { conv2d } from '@tricklab/nn'
import { drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { gridOf } from '../src/grid.ts'
import twistPlugin, { twist, twistByDefinition } from '../src/index.ts'
import { antisymmetric, quarterTurn, slopeKernel, sobel } from '../src/kernels.ts'
import { twistedSlopes } from '../src/twisted-slopes.ts'
import { iterate, ramp } from '../src/twists.ts'

const gradientAtImport = tf.getGradient('TwistedSlopes')

type Shape4 = [number, number, number, number]

const golden = JSON.parse(readFileSync(new URL('./golden/twist.json', import.meta.url), 'utf8')) as {
  cases: {
    options: { version: string }
    shape: Shape4
    outputChannels: number
    stride: number
    values: number[]
    images: number[]
    gradients: Record<string, number[]>
  }[]
}

const context = { training: true, rng: createRng(0) }
const dense = (stride = 1) => ({ groups: 1, stride })

function createBlock(options: object, [inputs, outputs]: readonly [number, number], stride = 1, groups = 1): Block {
  const registry = createRegistry([twistPlugin])
  const { use } = registry.normalize('block', { use: 'twist', ...options }, 'test')
  const shape = { inputChannels: inputs, outputChannels: outputs, stride, kernelSize: 3, activate: false }
  return registry.create('block', use, { ...shape, offers: { groups }, init: createRng(1) })
}

const draw = (seed: number, shape: Shape4) =>
  tf.tensor4d(drawImages(seed, shape[0], [shape[1], shape[2], shape[3]]), shape)

/** As in golden/make_twist.py. */
function chirp<R extends tf.Rank>(shape: number[], phase: number, scale = 1, center = 0): tf.Tensor<R> {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, (_, i) => center + scale * Math.sin(0.7 * i * i + phase))
  return tf.tensor(values, shape as tf.ShapeMap[R])
}

/** Gives every parameter the values of golden/make_twist.py. */
function fillAsGolden(block: Block, version: string): void {
  const small = version === 'twist-layer' ? 0.7 : 1
  for (const { path, value } of listParams(block.params)) {
    const scale = Math.sqrt(2 / (9 * (path === 'coefficients' ? value.shape[2]! / 2 : (value.shape[2] ?? 1))))
    const [phase, size, center] = {
      weight: [0.5, scale, 0],
      weightX: [1.5, scale, 0],
      weightY: [2.5, scale, 0],
      coefficients: [3.5, scale, 0],
      centreX: [4, small, 0],
      centreY: [5, small, 0],
      radius: [6, 0.2, 0.5],
    }[path] as [number, number, number]
    tf.tidy(() => value.assign(chirp(value.shape, phase, size, center)))
  }
}

describe.each(localEngines)('as PyTorch, on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('$options, stride $stride, $shape', (expected) => {
    const { options, shape, outputChannels, stride } = expected
    const block = createBlock(options, [shape[3], outputChannels], stride)
    fillAsGolden(block, options.version)
    tf.tidy(() => {
      const params = listParams(block.params)
      const x = tf.variable(chirp<tf.Rank.R4>(shape, 0.2))
      const y = block.apply(x, context)
      const dy = chirp(y.shape, 1)
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(block.apply(x, context), dy)),
        [x, ...params.map(({ value }) => value)],
      )
      const near = (actual: tf.Tensor, numbers: readonly number[]) =>
        expect(actual).toBeAllClose(Float64Array.from(numbers), { rtol: 2e-5, atol: 2e-5 })
      near(y, expected.values)
      near(grads[x.name]!, expected.images)
      expect(params.map(({ path }) => path)).toEqual(Object.keys(expected.gradients))
      for (const { path, value } of params) near(grads[value.name]!, expected.gradients[path]!)
      x.dispose()
    })
    block.dispose()
  })

  test('the fast form is the definition, values and gradients', () => {
    const drawn = fc.record({
      stride: fc.constantFrom(1, 2),
      height: fc.integer({ min: 1, max: 6 }),
      width: fc.integer({ min: 1, max: 6 }),
      inputs: fc.integer({ min: 1, max: 3 }),
      outputs: fc.integer({ min: 1, max: 3 }),
      seed: seeds,
    })
    fc.assert(
      fc.property(drawn, ({ stride, height, width, inputs, outputs, seed }) => {
        tf.tidy(() => {
          const given = [
            draw(seed, [2, height, width, inputs]),
            draw(seed + 1, [3, 3, inputs, outputs]),
            draw(seed + 2, [1, 1, 2 * inputs, outputs]),
          ]
          const results = [twist, twistByDefinition].map((compute) => {
            const apply = (x: tf.Tensor, kernel: tf.Tensor, coefficients: tf.Tensor) =>
              compute(
                x as tf.Tensor4D,
                { kernel: kernel as tf.Tensor4D, coefficients: coefficients as tf.Tensor4D },
                dense(stride),
              )
            const y = apply(given[0]!, given[1]!, given[2]!)
            return [y, ...tf.grads(apply)(given, draw(seed + 3, y.shape))]
          })
          for (const [index, value] of results[0]!.entries()) {
            expect(value).toBeAllClose(results[1]![index]!, { rtol: 1e-4, atol: 2e-4 })
          }
        })
      }),
      { numRuns: 30 },
    )
  })
})

describe('the kernels', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })
  const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync())
  const kernel3 = (values: readonly number[]) => tf.tensor4d([...values], [3, 3, 1, 1])

  test('a quarter turn takes Dx to −Dy and Dy to Dx', () => {
    tf.tidy(() => {
      expect(numbers(quarterTurn(kernel3(sobel.x)))).toEqual(sobel.y.map((tap) => 0 - tap))
      expect(numbers(quarterTurn(kernel3(sobel.y)))).toEqual([...sobel.x])
    })
  })

  test('four quarter turns are none, two are the opposite of an antisymmetric kernel, the other way undoes it', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        tf.tidy(() => {
          const kernel = draw(seed, [3, 3, 2, 2])
          const turned = (times: number) =>
            Array.from({ length: times }).reduce<tf.Tensor4D>((at) => quarterTurn(at), kernel)
          expect(numbers(turned(4))).toEqual(numbers(kernel))
          expect(numbers(quarterTurn(quarterTurn(kernel), 'rows'))).toEqual(numbers(kernel))
          const odd = antisymmetric(kernel)
          expect(quarterTurn(quarterTurn(odd))).toBeAllClose(tf.neg(odd))
        })
      }),
      { numRuns: 20 },
    )
  })

  test('slope kernels and antisymmetric parts change sign under 180° and sum to 0', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        tf.tidy(() => {
          for (const kernel of [slopeKernel(draw(seed, [1, 1, 4, 3])), antisymmetric(draw(seed, [3, 3, 2, 3]))]) {
            expect(kernel.shape).toEqual([3, 3, 2, 3])
            expect(tf.reverse(kernel, [0, 1])).toBeAllClose(tf.neg(kernel))
            expect(tf.sum(kernel, [0, 1])).toBeAllClose(tf.zeros([2, 3]), { atol: 1e-5 })
          }
        })
      }),
      { numRuns: 20 },
    )
  })
})

describe('the twist', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('without coefficients is the plain convolution, to the bit', () => {
    const block = createBlock({}, [3, 4], 2)
    tf.tidy(() => {
      const [weight, coefficients] = listParams(block.params).map(({ value }) => value)
      coefficients!.assign(tf.zerosLike(coefficients!))
      const x = draw(1, [2, 7, 6, 3])
      const plain = conv2d(x, weight as unknown as tf.Tensor4D, { stride: 2, padding: 1 })
      expect(Array.from(block.apply(x, context).dataSync())).toEqual(Array.from(plain.dataSync()))
    })
    block.dispose()
  })

  test('is linear in the image, the kernel and the coefficients', () => {
    tf.tidy(() => {
      const given = (seed: number) => ({
        x: draw(seed, [1, 4, 5, 2]),
        kernel: draw(seed + 10, [3, 3, 2, 3]),
        coefficients: draw(seed + 20, [1, 1, 4, 3]),
      })
      const apply = ({ x, ...params }: ReturnType<typeof given>) => twist(x, params, dense())
      const [a, b] = [given(1), given(2)]
      const close = { rtol: 1e-4, atol: 1e-4 }
      const x = tf.add(a.x, b.x) as tf.Tensor4D
      expect(apply({ ...a, x })).toBeAllClose(tf.add(apply(a), apply({ ...a, x: b.x })), close)
      const both = {
        kernel: tf.add(a.kernel, b.kernel) as tf.Tensor4D,
        coefficients: tf.add(a.coefficients, b.coefficients) as tf.Tensor4D,
      }
      expect(apply({ x: a.x, ...both })).toBeAllClose(tf.add(apply(a), apply({ ...b, x: a.x })), close)
    })
  })

  test.each(['two-coefficients', 'centres', 'twist-layer'])(
    '%s in groups is a twist of each group by itself',
    (version) => {
      const [groups, inputs, outputs] = [3, 2, 4]
      const whole = createBlock({ version }, [groups * inputs, groups * outputs], 2, groups)
      const part = createBlock({ version }, [inputs, outputs], 2)
      tf.tidy(() => {
        const x = draw(1, [2, 5, 6, groups * inputs])
        const parts = tf.split(x, groups, 3).map((slice, group) => {
          for (const [index, { value }] of listParams(whole.params).entries()) {
            // Outputs are the last axis of every weight, and its groups are neighbours.
            const own = tf.slice(
              value,
              [...value.shape.slice(1).fill(0), group * outputs],
              [...value.shape.slice(0, -1), outputs],
            )
            listParams(part.params)[index]!.value.assign(own)
          }
          return part.apply(slice as tf.Tensor4D, context)
        })
        expect(whole.apply(x, context)).toBeAllClose(tf.concat(parts, 3), { rtol: 1e-4, atol: 1e-5 })
      })
      whole.dispose()
      part.dispose()
    },
  )

  test('importing the plugin registers no gradient; using it does', () => {
    expect(gradientAtImport).toBeUndefined()
    tf.tidy(() => twistedSlopes(tf.ones([1, 4, 4, 1]), 1))
    expect(tf.getGradient('TwistedSlopes')).toBeDefined()
  })

  test('sees no slopes inside a constant image', () => {
    tf.tidy(() => {
      const slopes = twistedSlopes(tf.fill([1, 6, 7, 2], 3) as tf.Tensor4D, 1)
      expect(tf.max(tf.abs(tf.slice(slopes, [0, 1, 1, 0], [1, 4, 5, 4]))).dataSync()[0]).toBe(0)
    })
  })

  test('slopes of a plane are its gradient, turned by the position', () => {
    tf.tidy(() => {
      // f = 2·column + 5·row: Sobel gives 8 times the slope, upwards for y.
      const plane = tf.tensor4d(
        Array.from({ length: 48 }, (_, i) => 2 * (i % 8) + 5 * Math.floor(i / 8)),
        [1, 6, 8, 1],
      )
      const slopes = twistedSlopes(plane, 1).arraySync()[0]!
      const [p, q] = [16, -40]
      for (const [row, column] of [
        [1, 1],
        [2, 5],
        [4, 6],
      ] as const) {
        const [x, y] = [(2 * column) / 8 - 1, (2 * row) / 6 - 1]
        const [real, imaginary] = slopes[row]![column]!
        expect(real).toBeCloseTo(p * x - q * y, 4)
        expect(imaginary).toBeCloseTo(p * y + q * x, 4)
      }
    })
  })

  // R maps pixel (i, j) to (j, n − 1 − i). On a centred grid (x, y) turns with it, so slopes times position do not change.
  test('turns with the image where the grid is centred', () => {
    tf.tidy(() => {
      const size = 5
      const coefficients = draw(5, [1, 1, 2, 1])
      const kernelX = slopeKernel(coefficients)
      const place = (values: number[]) => tf.tensor(values, [1, 1, size, 1])
      const centred = Array.from({ length: size }, (_, i) => (2 * i) / (size - 1) - 1)
      const operator = (x: tf.Tensor4D) =>
        tf.add(
          tf.mul(conv2d(x, kernelX, { stride: 1, padding: 1 }), place(centred)),
          tf.mul(
            conv2d(x, quarterTurn(kernelX), { stride: 1, padding: 1 }),
            tf.reshape(place(centred), [1, size, 1, 1]),
          ),
        ) as tf.Tensor4D
      const turn = (x: tf.Tensor4D) => tf.reverse(tf.transpose(x, [0, 2, 1, 3]), 2) as tf.Tensor4D
      const image = draw(6, [1, size, size, 1])
      expect(operator(turn(image))).toBeAllClose(turn(operator(image)), { atol: 1e-4 })
    })
  })

  test.each([
    [1, 1],
    [1, 9],
    [8, 3],
  ])('works at %i × %i', (height, width) => {
    for (const version of ['two-coefficients', 'centres', 'twist-layer']) {
      const block = createBlock({ version, iters: 2 }, [2, 2])
      tf.tidy(() => {
        expect(block.apply(draw(1, [1, height, width, 2]), context).shape).toEqual([1, height, width, 2])
      })
      block.dispose()
    }
  })
})

describe('Euler steps', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test('one step is the twist itself; k steps are (I + F/k)^k x − x by the binomial series', () => {
    tf.tidy(() => {
      const x = draw(1, [1, 3, 4, 2])
      const params = { kernel: draw(2, [3, 3, 2, 2]), coefficients: draw(3, [1, 1, 4, 2]) }
      const f = (at: tf.Tensor4D) => tf.mul(twist(at, params, dense()), 0.3) as tf.Tensor4D
      expect(Array.from(iterate(x, 1, f).dataSync())).toEqual(Array.from(f(x).dataSync()))
      for (const [steps, shares] of [
        [2, [1, 1 / 4]],
        [3, [1, 3 / 9, 1 / 27]],
        [4, [1, 6 / 16, 4 / 64, 1 / 256]],
      ] as const) {
        let power = x
        let series: tf.Tensor = tf.zerosLike(x)
        for (const share of shares) {
          power = f(power)
          series = tf.add(series, tf.mul(power, share))
        }
        expect(iterate(x, steps, f)).toBeAllClose(series, { rtol: 1e-4, atol: 1e-4 })
      }
    })
  })

  test('are taken where channels and size are kept, alone', () => {
    const macs = (options: object, channels: readonly [number, number], stride: number) => {
      const block = createBlock(options, channels, stride)
      const count = block.macs([8, 8, channels[0]])
      block.dispose()
      return count
    }
    expect(macs({ iters: 4 }, [3, 3], 1)).toBe(4 * macs({}, [3, 3], 1))
    expect(macs({ iters: 4 }, [3, 4], 1)).toBe(macs({}, [3, 4], 1))
    expect(macs({ iters: 4 }, [3, 3], 2)).toBe(macs({}, [3, 3], 2))
  })
})

describe('numbers', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test.each([
    [{}, 9 * 16 * 16 + 2 * 16 * 16, 11 * 256 + 18 * 16],
    [{ channelsPerGroup: 4, permute: true }, 9 * 16 * 4 + 2 * 16 * 4, 11 * 64 + 18 * 16],
    [{ version: 'centres' }, 27 * 256 + 32, 27 * 256],
    // The source counts 9·16·16 more, of a kernel that it overwrites at every step.
    [{ version: 'twist-layer' }, 18 * 256 + 48, 27 * 256],
  ])('%j: weights and multiply-accumulates', (options, weights, macs) => {
    const block = createBlock(options, [16, 16])
    expect(countParams(block.params)).toBe(weights)
    expect(block.macs([5, 6, 16])).toBe(30 * macs)
    block.dispose()
  })

  test('coefficients start at the deviation of a uniform kernel, centres and radii where the source has them', () => {
    const spread = (options: object, path: string) => {
      const block = createBlock(options, [48, 48])
      const values = Array.from(
        listParams(block.params)
          .find((param) => param.path === path)!
          .value.dataSync(),
      )
      block.dispose()
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
      return { deviation: Math.sqrt(variance), least: Math.min(...values), most: Math.max(...values) }
    }
    expect(spread({}, 'coefficients').deviation / Math.sqrt(1 / (27 * 48))).toBeCloseTo(1, 1)
    expect(spread({}, 'weight').deviation / Math.sqrt(2 / (9 * 48))).toBeCloseTo(1, 1)
    // PyTorch's uniform kernel lies within ±1/√fan.
    const uniform = spread({ start: 'torch' }, 'weight')
    expect(uniform.deviation / Math.sqrt(1 / (27 * 48))).toBeCloseTo(1, 1)
    expect(Math.max(-uniform.least, uniform.most)).toBeLessThanOrEqual(1 / Math.sqrt(9 * 48))
    expect(Math.abs(spread({ version: 'centres' }, 'centreX').deviation / 0.7 - 1)).toBeLessThan(0.5)
    const radii = spread({ version: 'twist-layer' }, 'radius')
    expect([radii.least > 0.3, radii.most < 0.7, radii.most - radii.least > 0.3]).toEqual([true, true, true])
  })

  test('the ramp falls from 1 to 0 around 1; the grid goes from −1 to 1 − 2/size', () => {
    tf.tidy(() => {
      expect(ramp(tf.tensor1d([0, 0.7, 0.85, 1, 1.3, 9]))).toBeAllClose([1, 1, 0.75, 0.5, 0, 0], { atol: 1e-6 })
      expect(gridOf(2, 4, 1).x).toBeAllClose([[[[-1], [-0.5], [0], [0.5]]]])
      expect(gridOf(2, 4, 0).y).toBeAllClose([[[[0]], [[1]]]])
    })
  })
})
