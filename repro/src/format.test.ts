import { expect, test } from 'vitest'
import { formatDifference, formatInterval, formatSeconds, formatSize, formatSummary, formatValue } from './format.ts'

test('shares are written in per cent, other metrics as they are', () => {
  expect(formatValue('accuracy', 0.895)).toBe('89.50 %')
  expect(formatValue('top-5-accuracy', 0.9712)).toBe('97.12 %')
  expect(formatValue('top-5', 0.9712)).toBe('97.12 %')
  expect(formatValue('loss', 0.31416)).toBe('0.3142')
  expect(formatSize('accuracy', 0.01)).toBe('1.00 pp')
  expect(formatSize('loss', 0.01)).toBe('0.0100')
})

test('differences have a sign, and none when they are written as zero', () => {
  expect(formatDifference('accuracy', 0.0014)).toBe('+0.14 pp')
  expect(formatDifference('accuracy', -0.0014)).toBe('−0.14 pp')
  expect(formatDifference('loss', -0.01)).toBe('−0.0100')
  expect(formatDifference('accuracy', -0.00001)).toBe('0.00 pp')
  expect(formatInterval('accuracy', { low: -0.0052, high: 0.008 })).toBe('−0.52 to +0.80 pp')
})

test('summaries give mean, spread and count', () => {
  expect(formatSummary('accuracy', { mean: 0.8964, sd: 0.0021, n: 3 })).toBe('89.64 ± 0.21 % (3)')
  expect(formatSummary('accuracy', { mean: 0.8964, sd: null, n: 1 })).toBe('89.64 % (1)')
  expect(formatSummary('loss', { mean: 0.3, sd: 0.01, n: 2 })).toBe('0.3000 ± 0.0100 (2)')
  expect(formatSummary('loss', { mean: Number.NaN, sd: null, n: 0 })).toBe('–')
})

test.each([
  [0.04, '0.0 s'],
  [7.65, '7.7 s'],
  [9.96, '10 s'],
  [59.6, '1 min 00 s'],
  [380, '6 min 20 s'],
  [3599.6, '1 h 00 min'],
  [11_100, '3 h 05 min'],
  [90_000, '25 h 00 min'],
])('%f seconds are written %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text)
})
