import { countParams, createRegistry, definePlugin, type Json, type Rng } from '@tricklab/core'
import { createModel, normalizeModel } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { createDownsamplingPool, createResidualBranch, createShortcut, joinResidual, nn } from '../src/index.ts'

/** The block that pools its input once, as a plugin would write it: nothing of the skeleton needs to change. */
const poolFirst = definePlugin({
  name: 'pool-first-like',
  core: '*',
  register: (on) =>
    on.block('pool-first-like', {
      doc: 'Pools the input of a residual block, and goes on at stride 1.',
      options: {},
      create(_options, context) {
        const inner = { ...context, stride: 1 }
        const pool = context.stride === 1 ? {} : { pool: createDownsamplingPool(context) }
        return joinResidual({ ...pool, branch: createResidualBranch(inner), shortcut: createShortcut(inner) }, context)
      },
    }),
})

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

beforeAll(async () => {
  await prepareEngine('cpu')
})

function count(use: string, options: { [name: string]: Json } = {}, size = 128) {
  const model = createModel(registry, normalizeModel({ use, ...options }, registry, 'test', []), {
    imageShape: [size, size, 3],
    classes: 10,
    init: zeros,
  })
  const result = {
    params: countParams(model.params),
    gigaMacs: [128, 192, 224, 256].map((side) => model.macs([side, side, 3]) / 1e9),
    // Convolutions and linear maps on the longest way; the stem's three count as the one 7 × 7 that they replace.
    depth: model.layers.reduce((sum, { name, block }) => sum + depthOf(name, Object.keys(block.params)), 1),
  }
  model.dispose()
  return result
}

function depthOf(layer: string, params: readonly string[]): number {
  return layer.startsWith('stem') ? 0 : params.filter((name) => name.startsWith('conv') || name === 'linear').length
}

describe('xresnets have the documented size', () => {
  test.each([
    ['xresnet50', {}, 23_547_754],
    ['xresnet50', { outputs: 1000 }, 25_576_264],
    ['xresnet50', { stemWidths: [32, 64, 64] }, 23_575_466],
    ['xresnet18', {}, 11_200_874],
  ])('%s %j has %i parameters', (name, options, params) => {
    expect(count(name, options).params).toBe(params)
  })

  test.each([
    ['32-32-64', {}, ['1.413', '3.179', '4.327', '5.651']],
    ['32-64-64', { stemWidths: [32, 64, 64] }, ['1.526', '3.434', '4.674', '6.104']],
  ])(
    'xresnet50 with stem %s does so many multiply-accumulates at 128, 192, 224 and 256 px',
    (_stem, options, expected) => {
      expect(count('xresnet50', options).gigaMacs.map((value) => value.toFixed(3))).toEqual(expected)
    },
  )

  test.each([18, 34, 50, 101, 152])('xresnet%i is as deep as its name says', (depth) => {
    expect(count(`xresnet${depth}`).depth).toBe(depth)
  })

  // facts: 1.652, 3.717, 5.059 and 6.608 G with self-attention, which adds 0.201 G at 128 px and as much more as pixels.
  test('a block that pools first has the same parameters, and the documented multiply-accumulates', () => {
    const found = count('xresnet50', { stemWidths: [32, 64, 64], slots: { residual: 'pool-first-like' } })
    expect(found.params).toBe(23_575_466)
    const attention = [128, 192, 224, 256].map((side) => (3 * 256 ** 2 * (side / 4) ** 2) / 1e9)
    for (const [index, expected] of [1.652, 3.717, 5.059, 6.608].entries()) {
      expect(found.gigaMacs[index]! + attention[index]!).toBeCloseTo(expected, 3)
    }
  })
})
