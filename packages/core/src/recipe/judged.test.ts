import { describe, expect, test } from 'vitest'
import { base, parts } from '../../test/table-parts.ts'
import type { Problem } from '../errors/index.ts'
import { defineTable, TricklabError } from '../index.ts'
import { definePlugin } from '../plugin/define.ts'
import { normalizeRow } from './index.ts'

const metrics = definePlugin({
  name: 'metrics',
  core: '*',
  register: (on) => [
    on.metric('accuracy', {
      doc: '',
      options: {},
      create: () => ({ name: 'accuracy', better: 'higher', format: { style: 'percent' } }) as never,
    }),
    on.metric('error-rate', {
      doc: '',
      options: {},
      create: () => ({ name: 'error-rate', better: 'lower', format: { style: 'percent', digits: 1 } }) as never,
    }),
    on.metric('ratio', { doc: '', options: {}, create: () => ({ name: 'ratio', better: 'higher' }) as never }),
  ],
})
const judged = { ...base, metrics: ['accuracy', 'error-rate', 'ratio'], tolerance: 0.02 }

const rowOf = (row: object, changes: object = {}) =>
  normalizeRow(
    defineTable({
      id: 't',
      title: '',
      source: '',
      plugins: [parts, metrics],
      base: { ...judged, ...changes },
      rows: { row },
    } as never),
    'row',
  )

function problemsOf(row: object, changes: object = {}): readonly Problem[] {
  try {
    rowOf(row, changes)
    return []
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
}

test('a row knows direction and format of its scores, the loss last', () => {
  expect(rowOf({}).metrics).toEqual([
    { name: 'accuracy', better: 'higher', format: { style: 'percent' } },
    { name: 'error-rate', better: 'lower', format: { style: 'percent', digits: 1 } },
    { name: 'ratio', better: 'higher', format: { style: 'number' } },
    { name: 'loss', better: 'lower', format: { style: 'number' } },
  ])
})

describe('what no verdict could be made of is refused before the start', () => {
  test.each<[string, object, object, RegExp]>([
    [
      'a metric misspelt',
      { reported: { metric: 'acuracy', runs: [0.9] } },
      {},
      /compares "acuracy" with its documented value/,
    ],
    [
      'accuracy where nobody computes it',
      { reported: { runs: [0.9] } },
      { metrics: ['ratio'] },
      /compares "accuracy" with its documented value/,
    ],
    ['one metric twice', {}, { metrics: ['accuracy', 'accuracy'] }, /two scores named "accuracy"/],
    ['no seeds', { seeds: [] }, {}, /"seeds"/],
    ['a broken seed', { seeds: [1.5] }, {}, /"seeds"/],
    ['a seed that is a path', { seeds: ['../../../escape'] }, {}, /"seeds"/],
    ['a seed twice', { seeds: [1, 1] }, {}, /"seeds"/],
    ['a recorded seed that does not run', { recordedSeeds: [2] }, {}, /"recordedSeeds"/],
    ['per cent instead of a share', { reported: { runs: [50] } }, {}, /"runs"/],
    ['a mean in per cent', { reported: { mean: 89.5 } }, {}, /"mean"/],
    ['a leaderboard in per cent', { reported: { mean: 0.89, leaderboard: 89.5 } }, {}, /"leaderboard"/],
    ['no runs at all', { reported: { runs: [] } }, {}, /"runs"/],
    ['a negative spread', { reported: { mean: 0.9, sd: -0.1 } }, {}, /"sd"/],
    ['half a run', { reported: { mean: 0.9, n: 0.5 } }, {}, /"n"/],
    ['an unknown key of reported', { reported: { run: [0.9] } }, {}, /unknown key "run"/],
    ['a negative tolerance', { tolerance: -0.1 }, {}, /"tolerance"/],
    ['a tolerance of 50 shares', { tolerance: 50 }, {}, /"tolerance"/],
    ['a tolerance of NaN', { tolerance: Number.NaN }, {}, /"tolerance"/],
    ['an infinite tolerance', {}, { tolerance: Number.POSITIVE_INFINITY }, /"tolerance"/],
  ])('%s', (_, row, changes, what) => {
    expect(problemsOf(row, changes).map((problem) => problem.what)).toEqual([expect.stringMatching(what)])
  })

  test('a number that is no share may be of any size', () => {
    expect(problemsOf({ reported: { metric: 'ratio', runs: [50] }, tolerance: 50 })).toEqual([])
    expect(problemsOf({ reported: { metric: 'error-rate', runs: [0.985] } })).toEqual([])
    expect(problemsOf({ reported: { curve: { valid: { accuracy: [0.1] } } } }, { metrics: [] })).toEqual([])
  })

  test('the nearest name is offered, and the value received is shown', () => {
    const [problem] = problemsOf({ reported: { metric: 'acuracy', runs: [0.9] } })
    expect(problem!.fix).toContain('accuracy')
    expect(problemsOf({ tolerance: Number.NaN })[0]!.received).toBe('NaN.')
  })

  test('together with all else that is wrong in the row', () => {
    const row = { reported: { metric: 'acuracy', runs: [0.9] }, tolerance: -1, change: { epoch: 3 } }
    expect(problemsOf(row).map(({ what }) => what)).toEqual([
      expect.stringContaining('unknown key "epoch"'),
      expect.stringContaining('acuracy'),
      expect.stringContaining('"tolerance"'),
    ])
  })
})
