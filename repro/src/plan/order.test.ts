import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arraySeconds, type Candidate, fitBudget, orderJobs } from './order.ts'

const candidate = (row: string, given: Partial<Candidate> = {}): Candidate => ({
  table: 'table',
  row,
  headline: null,
  headlineSeeds: 0,
  wanted: [1, 2, 3],
  done: [],
  settled: false,
  seconds: 60,
  ...given,
})
const shown = (candidates: readonly Candidate[]) =>
  orderJobs(candidates).map(({ row, seed, reason }) => `${row} ${seed} ${reason}`)

test('headlines come first in their order, then rows without a seed, then seeds that narrow an interval', () => {
  expect(
    shown([
      candidate('plain'),
      candidate('wide', { done: [1] }),
      candidate('second', { headline: 1, headlineSeeds: 1 }),
      candidate('first', { headline: 0, headlineSeeds: 2, done: [2] }),
    ]),
  ).toEqual([
    'first 1 headline',
    'second 1 headline',
    'plain 1 first seed',
    'plain 2 more seeds',
    'plain 3 more seeds',
    'wide 2 more seeds',
    'wide 3 more seeds',
    'second 2 more seeds',
    'second 3 more seeds',
    'first 3 more seeds',
  ])
})

test('a settled row asks for nothing but what is a headline', () => {
  expect(shown([candidate('settled', { done: [1], settled: true })])).toEqual([])
  const headline = candidate('headline', { headline: 0, headlineSeeds: 2, done: [1], settled: true })
  expect(shown([headline])).toEqual(['headline 2 headline'])
})

test('no seed twice, none that is done, and none that was not asked for', () => {
  const seeds = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 })
  const rows = fc.array(
    fc.record({
      headline: fc.option(fc.nat(5)),
      headlineSeeds: fc.nat(6),
      wanted: seeds,
      done: seeds,
      settled: fc.boolean(),
    }),
    { maxLength: 5 },
  )
  fc.assert(
    fc.property(rows, (given) => {
      const candidates = given.map((each, index) => candidate(`row-${index}`, each))
      const jobs = orderJobs(candidates)
      expect(new Set(jobs.map(({ row, seed }) => `${row} ${seed}`)).size).toBe(jobs.length)
      for (const { row, seed } of jobs) {
        const { wanted, done } = candidates.find((each) => each.row === row)!
        expect(wanted).toContain(seed)
        expect(done).not.toContain(seed)
      }
    }),
  )
})

test('a budget takes what fits, in order; a job that is too long makes room for shorter ones', () => {
  const jobs = orderJobs([
    candidate('long', { wanted: [1], seconds: 100 }),
    candidate('short', { wanted: [1, 2, 3], seconds: 40 }),
  ])
  const rows = (budget: number) => fitBudget(jobs, budget).map(({ row, seed }) => `${row} ${seed}`)
  expect(rows(39)).toEqual([])
  expect(rows(80)).toEqual(['short 1', 'short 2'])
  expect(rows(140)).toEqual(['long 1', 'short 1'])
})

test('an array is as slow as its busiest machine', () => {
  const jobs = [30, 10, 20, 40].map((seconds) => ({ seconds }))
  expect(arraySeconds(jobs, 1)).toBe(100)
  expect(arraySeconds(jobs, 2)).toBe(50)
  expect(arraySeconds(jobs, 9)).toBe(40)
  expect(arraySeconds([], 4)).toBe(0)
})
