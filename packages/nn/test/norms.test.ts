import { createRng, listParams, TricklabError } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createDepthwiseConv2d,
  createGroupNorm,
  createLayerNorm,
  createLayerScale,
  gelu,
  groupNorm,
  hardSigmoid,
  hardSwish,
  layerNorm,
} from '../src/index.ts'
import { chirp, contextOf, differentiate, expectNoLeak, readGolden } from './helpers.ts'

interface Golden {
  norms: { kind: 'layer' | 'group'; groups: number; shape: number[]; y: number[]; gradients: Gradients }[]
  functions: { name: string; x: number[]; y: number[]; slopes: number[] }[]
  depthwise: { size: number; stride: number; y: number[]; gradients: Gradients }[]
}
type Gradients = Record<string, number[]>

const golden = readGolden<Golden>('norms')
const near = { rtol: 1e-5, atol: 2e-6 }

type Norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => tf.Tensor

const normOf = (kind: 'layer' | 'group', groups: number): Norm =>
  kind === 'layer'
    ? (x, gamma, beta) => layerNorm(x, gamma, beta)
    : (x, gamma, beta) => groupNorm(x, gamma, beta, { groups })

/** Norm and gradients in float64, by the formulas: `setOf` says which values share their statistics. */
function loop(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  setOf: (index: number) => number,
) {
  const channels = gamma.length
  const sets = new Map<number, number[]>()
  for (let i = 0; i < x.length; i++) sets.set(setOf(i), [...(sets.get(setOf(i)) ?? []), i])
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)]
  const [dgamma, dbeta] = [new Float64Array(channels), new Float64Array(channels)]
  for (const members of sets.values()) {
    const average = (of: (index: number) => number) =>
      members.reduce((sum, index) => sum + of(index), 0) / members.length
    const mean = average((i) => x[i]!)
    const deviation = Math.sqrt(average((i) => (x[i]! - mean) ** 2) + 1e-5)
    const normal = (i: number) => (x[i]! - mean) / deviation
    const slope = (i: number) => dy[i]! * gamma[i % channels]!
    const [level, tilt] = [average(slope), average((i) => slope(i) * normal(i))]
    for (const i of members) {
      y[i] = normal(i) * gamma[i % channels]! + beta[i % channels]!
      dx[i] = (slope(i) - level - normal(i) * tilt) / deviation
      dgamma[i % channels]! += dy[i]! * normal(i)
      dbeta[i % channels]! += dy[i]!
    }
  }
  return { y, dx, dgamma, dbeta }
}

function run(norm: Norm, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, dy: tf.Tensor) {
  const y = norm(x, gamma, beta)
  const [dx, dgamma, dbeta] = tf.grads((...inputs) => norm(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor])))(
    [x, gamma, beta],
    dy,
  ) as [tf.Tensor, tf.Tensor, tf.Tensor]
  return { y, dx, dgamma, dbeta }
}

describeOnEngines('norms and functions', () => {
  test.each(golden.norms)(
    '$kind norm of $shape, $groups groups, as PyTorch',
    ({ kind, groups, shape, y, gradients }) => {
      expectNoLeak(() =>
        tf.tidy(() => {
          const channels = [shape.at(-1)!]
          const [x, gamma, beta] = [chirp(shape, 0.5, 2, 1), chirp(channels, 1, 0.2, 1), chirp(channels, 2, 0.2)]
          const found = run(normOf(kind, groups), x, gamma, beta, chirp(shape, 0.25))
          expect(found.y.shape).toEqual(shape)
          expect(found.y.dataSync()).toBeAllClose(y, near)
          expect(found.dx.dataSync()).toBeAllClose(gradients.x!, near)
          expect(found.dgamma.dataSync()).toBeAllClose(gradients.gamma!, near)
          expect(found.dbeta.dataSync()).toBeAllClose(gradients.beta!, near)
        }),
      )
    },
  )

  test('of any size and far from 0, are those of float64 loops', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('layer', 'group'),
        (seed, batch, positions, groups, width, kind) => {
          const channels = groups * width
          const shape = [batch, ...positions, channels]
          const perImage = shape.slice(1).reduce((a, b) => a * b)
          const setOf =
            kind === 'layer'
              ? (i: number) => Math.floor(i / channels)
              : (i: number) => Math.floor(i / perImage) * groups + Math.floor((i % channels) / width)
          tf.tidy(() => {
            const [x, dy] = [tf.add(chirp(shape, seed % 7), 30), chirp(shape, (seed % 5) + 0.3)]
            const [gamma, beta] = [chirp([channels], 1, 0.2, 1), chirp([channels], 2, 0.2)]
            const found = run(normOf(kind, groups), x, gamma, beta, dy)
            const wanted = loop(x.dataSync(), dy.dataSync(), gamma.dataSync(), beta.dataSync(), setOf)
            // Values around 30 carry 2e-6 of rounding, which a small deviation blows up.
            const few = (kind === 'layer' ? channels : perImage / groups) < 4
            const coarse = few ? { rtol: 1e-2, atol: 2e-2 } : { rtol: 1e-3, atol: 1e-3 }
            for (const name of ['y', 'dx', 'dgamma', 'dbeta'] as const) {
              expect(found[name].dataSync()).toBeAllClose(wanted[name], coarse)
            }
          })
        },
      ),
      { numRuns: 30 },
    )
  })

  const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    'gelu exact': (x) => gelu(x),
    'gelu tanh': (x) => gelu(x, 'tanh'),
    'hard-swish': hardSwish,
    'hard-sigmoid': hardSigmoid,
  }
  test.each(golden.functions)('$name and its slope, as PyTorch', ({ name, x, y, slopes }) => {
    expectNoLeak(() =>
      tf.tidy(() => {
        const points = tf.tensor1d(x)
        expect(functions[name]!(points).dataSync()).toBeAllClose(y, near)
        const found = tf
          .grad((input) => functions[name]!(input))(points)
          .dataSync()
        // At a corner PyTorch has either slope.
        const corner = (i: number) => name.startsWith('hard') && Math.abs(x[i]!) === 3
        for (const [i, slope] of slopes.entries()) if (!corner(i)) expect(found[i]).toBeCloseTo(slope, 5)
      }),
    )
  })

  test.each(golden.depthwise)('depthwise convolution of $size × $size with bias, stride $stride, as PyTorch', (one) => {
    const spec = { channels: 3, kernelSize: one.size, stride: one.stride, bias: true, init: createRng(1) }
    const block = createDepthwiseConv2d(spec)
    const params = Object.fromEntries(listParams(block.params).map((param) => [param.path, param]))
    expect(params.bias).toMatchObject({ role: 'bias' })
    tf.tidy(() => {
      params.weight!.value.assign(chirp([one.size, one.size, 3, 1], 1))
      params.bias!.value.assign(chirp([3], 2, 0.2))
      const x = tf.variable(chirp<tf.Rank.R4>([2, 5, 6, 3], 0.5))
      const compute = () => block.apply(x as unknown as tf.Tensor4D, contextOf(true))
      const y = compute()
      expect(y.dataSync()).toBeAllClose(one.y, near)
      const { gradients } = differentiate({ ...block.params, x: { role: 'weight', value: x } }, () =>
        tf.sum(tf.mul(compute(), chirp(y.shape, 0.25))),
      )
      for (const [name, wanted] of Object.entries(one.gradients)) expect(gradients[name]).toBeAllClose(wanted, near)
      x.dispose()
    })
    block.dispose()
  })

  test('a layer scale multiplies each channel', () => {
    const scale = createLayerScale({ channels: 2, start: 0.5 })
    expect(listParams(scale.params)).toMatchObject([{ path: 'gamma', role: 'scale' }])
    tf.tidy(() => {
      listParams(scale.params)[0]!.value.assign(tf.tensor1d([0.5, -2]))
      const images = tf.tensor4d([1, 2, 3, 4], [1, 2, 1, 2])
      expect(Array.from(scale.apply(images, contextOf(false)).dataSync())).toEqual([0.5, -4, 1.5, -8])
    })
    scale.dispose()
  })
})

test('layers refuse channels that are not theirs, and groups that do not divide them', () => {
  const layers = [
    createLayerNorm({ channels: 4 }),
    createGroupNorm({ channels: 4, groups: 2 }),
    createLayerScale({ channels: 4, start: 1 }),
  ]
  for (const layer of layers) {
    expect(layer.outputShape([2, 3, 4])).toEqual([2, 3, 4])
    expect(() => layer.outputShape([2, 3, 5])).toThrow(TricklabError)
    layer.dispose()
  }
  expect(() => createGroupNorm({ channels: 6, groups: 4 })).toThrow(/\[E_SHAPE\] Group norm cannot divide/)
})

test('a group of one image is not moved by another image', () => {
  tf.tidy(() => {
    const images = tf.tensor4d(drawImages(3, 2, [3, 3, 4]), [2, 3, 3, 4])
    const [one, zero] = [tf.ones([4]), tf.zeros([4])]
    const both = groupNorm(images, one, zero, { groups: 2 })
    const alone = groupNorm(tf.slice(images, [1, 0, 0, 0]), one, zero, { groups: 2 })
    expect(tf.slice(both, [1, 0, 0, 0]).dataSync()).toBeAllClose(alone.dataSync())
  })
})
