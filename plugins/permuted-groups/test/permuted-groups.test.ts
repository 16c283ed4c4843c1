import { readFileSync } from 'node:fs'
import { type Block, countParams, createRegistry, createRng, listParams } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { localEngines } from '@tricklab/engine/local-engines'
import { conv2d } from '@tricklab/nn'
import { seeds } from '@tricklab/testing'
import '@tricklab/testing/matchers'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import permutedGroups, { type Design, designs, drawLinks, measureGraph } from '../src/index.ts'

interface Golden {
  cases: {
    design: Design
    shape: [number, number, number, number]
    outputChannels: number
    channelsPerGroup: number
    stride: number
    values: number[]
    images: number[]
    weight: number[]
  }[]
  graphs: (ReturnType<typeof measureGraph> & { links: number[][]; pathLength: number | null })[]
}

const golden = JSON.parse(
  readFileSync(new URL('./golden/permuted-groups.json', import.meta.url), 'utf8'),
) as unknown as Golden

const context = { training: true, rng: createRng(0) }
const smallWorld = { links: 2, rewire: 0.1 }
const links = (design: Design, groups: number, world = smallWorld, seed = 1) =>
  drawLinks(design, groups, world, createRng(seed).at('links'))

function createBlock(options: object, [inputs, outputs]: readonly [number, number], stride = 1, seed = 1): Block {
  const registry = createRegistry([permutedGroups])
  const { use } = registry.normalize('block', { use: 'permuted-groups', ...options }, 'test')
  const shape = { inputChannels: inputs, outputChannels: outputs, stride, kernelSize: 3, activate: false }
  return registry.create('block', use, { ...shape, init: createRng(seed) })
}

/** As in golden/make_permuted_groups.py. */
function chirp<R extends tf.Rank>(shape: number[], phase: number, scale = 1): tf.Tensor<R> {
  const size = shape.reduce((product, length) => product * length, 1)
  const values = Float32Array.from({ length: size }, (_, i) => scale * Math.sin(0.7 * i * i + phase))
  return tf.tensor(values, shape as tf.ShapeMap[R])
}

describe.each(localEngines)('as PyTorch, on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(golden.cases)('$design, $channelsPerGroup channels a group, stride $stride', (expected) => {
    const { design, shape, outputChannels, channelsPerGroup, stride } = expected
    const block = createBlock({ design, channelsPerGroup }, [shape[3], outputChannels], stride)
    const weight = listParams(block.params)[0]!.value
    tf.tidy(() => {
      weight.assign(chirp(weight.shape, 0.5, Math.sqrt(2 / (9 * channelsPerGroup))))
      const x = tf.variable(chirp<tf.Rank.R4>(shape, 0.2))
      const y = block.apply(x, context)
      const dy = chirp(y.shape, 1)
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(block.apply(x, context), dy)), [x, weight])
      const near = (actual: tf.Tensor, numbers: readonly number[]) =>
        expect(actual).toBeAllClose(Float64Array.from(numbers), { rtol: 1e-5, atol: 1e-5 })
      near(y, expected.values)
      near(grads[x.name]!, expected.images)
      near(grads[weight.name]!, expected.weight)
      x.dispose()
    })
    block.dispose()
  })
})

describe('the designs', () => {
  test.each([
    ['none', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['2-cycles', [1, 0, 3, 2, 5, 4, 7, 6]],
    ['4-cycles', [3, 0, 1, 2, 7, 4, 5, 6]],
    ['n-cycle', [7, 0, 1, 2, 3, 4, 5, 6]],
  ] as const)('%s of eight groups', (design, sources) => {
    expect(links(design, 8)).toEqual([sources])
  })

  test('small-world without rewiring: each group reads its neighbours in a meta-group of four', () => {
    expect(links('small-world', 8, { links: 2, rewire: 0 })).toEqual([
      [3, 0, 1, 2, 7, 4, 5, 6],
      [2, 3, 0, 1, 6, 7, 4, 5],
    ])
  })

  test('small-world: every group reads that many different groups; rewired links leave their meta-group', () => {
    const drawn = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 0.3, 1))
    fc.assert(
      fc.property(drawn, seeds, ([metaGroups, count, rewire], seed) => {
        const groups = 4 * metaGroups
        const found = links('small-world', groups, { links: count, rewire }, seed)
        expect(found).toHaveLength(count)
        const local = links('small-world', groups, { links: count, rewire: 0 })
        for (let group = 0; group < groups; group++) {
          expect(new Set(found.map((sources) => sources[group])).size).toBe(count)
          for (const [link, sources] of found.entries()) {
            const near = Math.floor(sources[group]! / 4) === Math.floor(group / 4)
            // With one or no other meta-group the groups to link to can run out.
            if (rewire === 1 && groups > 8) expect(near).toBe(false)
            if (near) expect(sources[group]).toBe(local[link]![group])
          }
        }
      }),
    )
  })

  test('small-world: as many links are rewired as the probability says, and by the seed', () => {
    const local = links('small-world', 400, { links: 2, rewire: 0 })
    const share = (found: readonly (readonly number[])[]) =>
      found.flat().filter((source, index) => source !== local.flat()[index]).length / 800
    // Five standard errors.
    expect(Math.abs(share(links('small-world', 400)) - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / 800))
    expect(links('small-world', 400)).toEqual(links('small-world', 400))
    expect(links('small-world', 400, smallWorld, 2)).not.toEqual(links('small-world', 400))
  })

  test('a few rewired links shorten the paths and leave the clusters: the small world', () => {
    const measures = [0, 0.2, 1].map((rewire) => measureGraph(links('small-world', 64, { links: 2, rewire })))
    expect(measures[0]).toMatchObject({ clustering: 1, pathLength: 1, components: 16 })
    expect(measures[1]!.components).toBeLessThan(4)
    expect(measures[1]!.clustering).toBeGreaterThan(0.3)
    expect(measures[2]!.clustering).toBeLessThan(0.15)
    expect(measures[2]!.pathLength!).toBeLessThan(measures[1]!.pathLength!)
  })
})

test.each(golden.graphs)('graph measures are those of networkx: $edges edges', ({ links, ...expected }) => {
  const found = measureGraph(links)
  expect(found.clustering).toBeCloseTo(expected.clustering, 12)
  expect(found.pathLength ?? -1).toBeCloseTo(expected.pathLength ?? -1, 12)
  expect(found.connected).toBeCloseTo(expected.connected, 12)
  expect([found.components, found.edges]).toEqual([expected.components, expected.edges])
})

describe('the block', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test.each(designs)('%s: 1/n of the weights of a dense convolution, times the links', (design) => {
    const block = createBlock({ design }, [64, 64])
    const count = design === 'small-world' ? 2 : 1
    expect(countParams(block.params)).toBe((64 * 64 * 9 * count) / 8)
    expect(block.macs([7, 5, 64])).toBe((7 * 5 * 64 * 64 * 9 * count) / 8)
    block.dispose()
  })

  test('one group is the dense convolution', () => {
    const block = createBlock({ groups: 1, design: 'none' }, [3, 5], 2)
    tf.tidy(() => {
      const x = chirp<tf.Rank.R4>([2, 5, 6, 3], 0)
      const weight = listParams(block.params)[0]!.value as unknown as tf.Tensor4D
      expect(block.apply(x, context)).toBeAllClose(conv2d(x, weight, { stride: 2, padding: 1 }))
    })
    block.dispose()
  })

  test('an output depends on the channels of its source alone', () => {
    const block = createBlock({ channelsPerGroup: 2 }, [8, 8])
    tf.tidy(() => {
      const x = chirp<tf.Rank.R4>([1, 3, 3, 8], 0)
      const before = block.apply(x, context)
      // The channels of group 1 move: output group 2 reads them.
      const moved = block.apply(tf.add(x, tf.tensor1d([0, 0, 1, 1, 0, 0, 0, 0])), context)
      const changes = tf.max(tf.abs(tf.sub(moved, before)), [0, 1, 2]).dataSync()
      expect(Array.from(changes, (change) => change > 0)).toEqual([
        false,
        false,
        false,
        false,
        true,
        true,
        false,
        false,
      ])
    })
    block.dispose()
  })

  test('starts kaiming-normal over the inputs that an output has', () => {
    const block = createBlock({ design: 'small-world' }, [64, 256])
    const values = Array.from(listParams(block.params)[0]!.value.dataSync())
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
    expect(Math.abs(deviation / Math.sqrt(2 / (9 * 16)) - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length))
    block.dispose()
  })
})
