import { expect, test } from 'vitest'
import { summarize } from '../statistics/index.ts'
import { equivalenceNote } from './equivalence-note.ts'

const percent = { style: 'percent' } as const
const source = summarize([0.708, 0.74, 0.738, 0.756, 0.734])
const note = (measured: readonly number[], tolerance: number | null, reported = source) =>
  equivalenceNote(reported, summarize(measured), tolerance, percent)

test('says the p value of equivalence, what it is within and which images it is about', () => {
  // p as in the golden numbers of statistics/equivalence.test.ts, made with scipy.
  expect(note([0.702, 0.706, 0.716], 0.01)?.test?.p).toBeCloseTo(0.949359369968676, 8)
  expect(note([0.702, 0.706, 0.716], 0.01)?.sentence).toBe(
    'It is not shown that the two means are equivalent within the tolerance of 1.00 pp (p = 0.949, two one-sided Welch tests; below 0.05 would show it). This is about these validation images, not about all photos.',
  )
  const close = note([0.73, 0.738, 0.736, 0.734, 0.74], 0.05)
  expect(close?.test?.p).toBeLessThan(0.05)
  expect(close?.sentence).toMatch(/^The two means are equivalent within the tolerance of 5\.00 pp \(p = 0\.00\d+, two/)
})

test('says why it cannot be tested', () => {
  expect(note([0.742], 0.02)).toEqual({
    test: null,
    sentence: 'Equivalence within the tolerance of 2.00 pp cannot be tested, for one seed has no spread.',
  })
  expect(note([0.7, 0.7], 0.02, summarize([0.7, 0.7]))?.sentence).toContain('for no value differs from another')
})

test('there is nothing to test where the source gives one run, or the row no tolerance', () => {
  expect(note([0.7, 0.71], 0.02, summarize([0.7]))).toBeUndefined()
  expect(note([0.7, 0.71], null)).toBeUndefined()
  expect(note([0.7, 0.71], 0)).toBeUndefined()
})
