import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { drawImages, reference, seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { conv2d, createGroupedConv2d, groupedConv2d, previousInCycle } from '../src/index.ts'
import { contextOf, expectNoLeak } from './helpers.ts'

const draw = (seed: number, shape: [number, number, number, number]) =>
  tf.tensor4d(drawImages(seed, shape[0], [shape[1], shape[2], shape[3]]), shape)

const asReference = (tensor: tf.Tensor) => reference.referenceArray(tensor.shape, tensor.dataSync())

/** A few groups, the groups that they read (several may read one), and the window. */
const cases = fc
  .record({
    groups: fc.integer({ min: 1, max: 4 }),
    depth: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 3 }),
    stride: fc.constantFrom(1, 2),
    kernel: fc.constantFrom(1, 3),
    height: fc.integer({ min: 3, max: 6 }),
    columns: fc.integer({ min: 3, max: 6 }),
    seed: seeds,
  })
  .chain((plain) =>
    fc.record({
      ...(Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, fc.constant(value)])) as {
        [K in keyof typeof plain]: fc.Arbitrary<number>
      }),
      sources: fc.array(fc.nat({ max: plain.groups - 1 }), { minLength: plain.groups, maxLength: plain.groups }),
    }),
  )

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never

const tensorsOf = ({ groups, depth, width, kernel, height, columns, seed }: Case) => ({
  x: draw(seed, [2, height, columns, groups * depth]),
  filter: draw(seed + 1, [kernel, kernel, depth, groups * width]),
})

const optionsOf = ({ groups, sources, stride, kernel }: Case) => ({
  groups,
  sources,
  stride,
  padding: Math.floor(kernel / 2),
})

describe.each(localEngines)('grouped convolution on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test('is one convolution a group, each of the group that it reads', () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const { groups, depth, width, sources, stride } = drawn
        tf.tidy(() => {
          const { x, filter } = tensorsOf(drawn)
          const options = optionsOf(drawn)
          const y = groupedConv2d(x, filter, options)
          for (let group = 0; group < groups; group++) {
            const read = tf.slice(x, [0, 0, 0, sources[group]! * depth], [-1, -1, -1, depth])
            const block = tf.slice(filter, [0, 0, 0, group * width], [-1, -1, -1, width])
            const expected = reference.conv2d(asReference(read), asReference(block), {
              stride,
              padding: options.padding,
            })
            const found = tf.slice(y, [0, 0, 0, group * width], [-1, -1, -1, width])
            expect(found).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-5 })
          }
        })
      }),
      { numRuns: 40 },
    )
  })

  // y is linear in x and in the filter, so for every direction d: ⟨gradient, d⟩ = ⟨dy, y(d)⟩.
  test('has the gradients of its definition', () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        expectNoLeak(() =>
          tf.tidy(() => {
            const { x, filter } = tensorsOf(drawn)
            const { x: toX, filter: toFilter } = tensorsOf({ ...drawn, seed: drawn.seed + 10 })
            const apply = (images: tf.Tensor, weight: tf.Tensor) =>
              groupedConv2d(images as tf.Tensor4D, weight as tf.Tensor4D, optionsOf(drawn))
            const { shape } = apply(x, filter)
            const dy = draw(drawn.seed + 20, shape)
            const [dx, dfilter] = tf.grads(apply)([x, filter], dy) as [tf.Tensor, tf.Tensor]
            expect(dx.shape).toEqual(x.shape)
            expect(dfilter.shape).toEqual(filter.shape)
            const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b))
            const close = { rtol: 1e-4, atol: 1e-4 }
            expect(inner(dx, toX)).toBeAllClose(inner(dy, apply(toX, filter)), close)
            expect(inner(dfilter, toFilter)).toBeAllClose(inner(dy, apply(x, toFilter)), close)
          }),
        )
      }),
      { numRuns: 40 },
    )
  })

  test('one group is the dense convolution', () => {
    tf.tidy(() => {
      const [x, filter] = [draw(1, [2, 5, 4, 3]), draw(2, [3, 3, 3, 4])]
      const window = { stride: 2, padding: 1 }
      expect(groupedConv2d(x, filter, { groups: 1, ...window })).toBeAllClose(conv2d(x, filter, window))
    })
  })

  test('a group that nobody reads has gradient 0', () => {
    tf.tidy(() => {
      const [x, filter] = [draw(1, [1, 4, 4, 6]), draw(2, [3, 3, 2, 3])]
      const options = { groups: 3, sources: [0, 0, 2], stride: 1, padding: 1 }
      const dx = tf.grad((images) => tf.sum(tf.square(groupedConv2d(images as tf.Tensor4D, filter, options))))(x)
      expect(tf.max(tf.abs(tf.slice(dx, [0, 0, 0, 2], [-1, -1, -1, 2]))).dataSync()[0]).toBe(0)
      expect(tf.max(tf.abs(tf.slice(dx, [0, 0, 0, 0], [-1, -1, -1, 2]))).dataSync()[0]).toBeGreaterThan(0)
    })
  })
})

describe('cycles of groups', () => {
  test.each([
    [8, 4, 1, [3, 0, 1, 2, 7, 4, 5, 6]],
    [8, 4, 2, [2, 3, 0, 1, 6, 7, 4, 5]],
    [4, 2, 1, [1, 0, 3, 2]],
    [5, 5, 1, [4, 0, 1, 2, 3]],
    [3, 1, 1, [0, 1, 2]],
  ])('%i groups in cycles of %i, step %i', (groups, length, step, expected) => {
    expect(previousInCycle(groups, length, step)).toEqual(expected)
  })

  test('are permutations that return to the start after their length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 6 }), seeds, (length, cycles, step) => {
        const sources = previousInCycle(length * cycles, length, step)
        expect(new Set(sources).size).toBe(length * cycles)
        for (let start = 0; start < sources.length; start++) {
          let at = start
          for (let i = 0; i < length; i++) at = sources[at]!
          expect(at).toBe(start)
        }
      }),
    )
  })
})

describe('the layer', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })
  const spec = { inputChannels: 8, outputChannels: 4, kernelSize: 3, stride: 1, groups: 4 }
  const init = () => createRng(1)

  test('sums over the groups that are read, with weights of a fan-in that counts them all', () => {
    const links = [previousInCycle(4, 4, 1), previousInCycle(4, 4, 2)]
    const layer = createGroupedConv2d({ ...spec, links, init: init() })
    const weight = (layer.params.weight as { value: tf.Variable }).value as unknown as tf.Tensor4D
    expect(weight.shape).toEqual([3, 3, 4, 4])
    expect(layer.macs([5, 6, 8])).toBe(5 * 6 * 9 * 4 * 4)
    tf.tidy(() => {
      const x = draw(3, [2, 5, 6, 8])
      const parts = links.map((sources, link) =>
        groupedConv2d(x, tf.slice(weight, [0, 0, 2 * link, 0], [-1, -1, 2, -1]), {
          ...{ groups: 4, sources },
          ...{ stride: 1, padding: 1 },
        }),
      )
      expect(layer.apply(x, contextOf(true))).toBeAllClose(tf.add(parts[0]!, parts[1]!))
      // torchWeight's bound: 1 / √(9 · 4).
      expect(tf.max(tf.abs(weight)).dataSync()[0]).toBeLessThan(1 / 6)
      expect(tf.max(tf.abs(weight)).dataSync()[0]).toBeGreaterThan(0.9 / 6)
    })
    layer.dispose()
  })

  test('refuses groups that divide its channels unevenly', () => {
    expect(() => createGroupedConv2d({ ...spec, groups: 3, init: init() })).toThrow('[E_SHAPE] A grouped convolution')
    expect(() => createGroupedConv2d({ ...spec, outputChannels: 6, init: init() })).toThrow('[E_SHAPE]')
  })
})
