import { readFileSync } from 'node:fs'
import { createRegistry, createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { combineMax, combineMean } from '../src/combine-views.ts'
import tta from '../src/index.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const [rows, classes] = [3, 4]
const betas = fc.double({ min: 0, max: 1, noNaN: true })
/** Log-probabilities of the plain view and of one to five others. */
const cases = fc.record({ seed: seeds, views: fc.integer({ min: 1, max: 5 }) }).map(({ seed, views }) => {
  const stream = createRng(seed).at('scores')
  const scores = () => Float32Array.from({ length: rows * classes }, () => 3 * stream.normal())
  return Array.from({ length: views + 1 }, scores)
})

/** The scores that `combine` makes of the views, row after row. */
function run(views: readonly Float32Array[], combine: (...views: [tf.Tensor2D, tf.Tensor2D[]]) => tf.Tensor2D) {
  return tf.tidy(() => {
    const [plain, ...drawn] = views.map((scores) => tf.logSoftmax(tf.tensor2d(scores, [rows, classes])))
    return [plain!, ...drawn, combine(plain!, drawn)].map((tensor) => Array.from(tensor.dataSync()))
  })
}

const mean = (views: readonly Float32Array[], beta: number) =>
  run(views, (plain, drawn) => combineMean(plain, drawn, beta))

const expectClose = (found: readonly number[], expected: readonly number[], digits = 5) => {
  for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, digits)
}

describe('the mean', () => {
  test('is a distribution, between the least and the greatest of its views', () => {
    fc.assert(
      fc.property(cases, betas, (views, beta) => {
        const logs = mean(views, beta)
        const combined = logs.pop()!.map(Math.exp)
        for (let row = 0; row < rows; row++) {
          const p = combined.slice(row * classes, (row + 1) * classes)
          expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
        }
        for (const [index, p] of combined.entries()) {
          const seen = logs.map((view) => Math.exp(view[index]!))
          expect(p).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-6)
          expect(p).toBeLessThanOrEqual(Math.max(...seen) + 1e-6)
        }
      }),
    )
  })

  test('with beta 1 is the plain view, bit by bit; with one view and beta 0 that view', () => {
    fc.assert(
      fc.property(cases, (views) => {
        const all = mean(views, 1)
        expect(all.at(-1)).toEqual(all[0])
        const single = mean(views.slice(0, 2), 0)
        expect(single.at(-1)).toEqual(single[1])
      }),
    )
  })

  test('of one view that is the plain one is that view, whatever beta', () => {
    fc.assert(
      fc.property(cases, betas, ([plain], beta) => {
        const logs = mean([plain!, plain!], beta)
        expectClose(logs.at(-1)!, logs[0]!)
      }),
    )
  })

  test('does not depend on the order of the views', () => {
    fc.assert(
      fc.property(cases, betas, ([plain, ...drawn], beta) => {
        expectClose(mean([plain!, ...drawn], beta).at(-1)!, mean([plain!, ...drawn.toReversed()], beta).at(-1)!)
      }),
    )
  })
})

describe('the max', () => {
  test('is the largest of the views, class by class, in any order', () => {
    fc.assert(
      fc.property(cases, ([plain, ...drawn]) => {
        const logs = run([plain!, ...drawn], combineMax)
        const combined = logs.pop()!
        expect(combined).toEqual(combined.map((_, index) => Math.max(...logs.map((view) => view[index]!))))
        expect(run([drawn[0]!, plain!, ...drawn.slice(1)], combineMax).at(-1)).toEqual(combined)
      }),
    )
  })
})

describe("golden numbers of fastai's Learner.tta", () => {
  const golden = JSON.parse(readFileSync(new URL('./golden/tta.json', import.meta.url), 'utf8')) as {
    cases: { views: number; beta: number; reduce: 'mean' | 'max'; probabilities: number[][] }[]
  }

  test.each(golden.cases)('$reduce of $views views, beta $beta', ({ probabilities, ...options }) => {
    const registry = createRegistry([tta])
    const { use } = registry.normalize('predictor', { use: 'tta', ...options } as never, 'test')
    const predictor = registry.create('predictor', use, {})
    // As in golden/make_tta.py.
    const views = Array.from({ length: options.views + 1 }, (_, view) =>
      Float32Array.from({ length: rows * classes }, (_, i) => 3 * Math.sin(0.7 * i * i + 0.5 + view)),
    )
    const combined = run(views, (plain, drawn) => predictor.combine(plain, drawn)).at(-1)!
    expectClose(combined.map(Math.exp), probabilities.flat(), 6)
  })
})
