import type { MetricFormat } from '@tricklab/core/contracts'
import { expect, test } from 'vitest'
import {
  formatDifference,
  formatInterval,
  formatSeconds,
  formatSeeds,
  formatSize,
  formatSummary,
  formatValue,
} from './format.ts'

const share: MetricFormat = { style: 'percent' }
const number: MetricFormat = { style: 'number' }
const time: MetricFormat = { style: 'number', digits: 1, unit: 'ms' }

test('shares are written in per cent, other metrics as they are', () => {
  expect(formatValue(share, 0.895)).toBe('89.50 %')
  expect(formatValue({ ...share, digits: 1 }, 0.9712)).toBe('97.1 %')
  expect(formatValue(number, 0.31416)).toBe('0.3142')
  expect(formatValue(time, 12.345)).toBe('12.3 ms')
  expect(formatSize(share, 0.01)).toBe('1.00 pp')
  expect(formatSize(number, 0.01)).toBe('0.0100')
})

test('differences have a sign, and none when they are written as zero', () => {
  expect(formatDifference(share, 0.0014)).toBe('+0.14 pp')
  expect(formatDifference(share, -0.0014)).toBe('−0.14 pp')
  expect(formatDifference(number, -0.01)).toBe('−0.0100')
  expect(formatDifference(time, 2)).toBe('+2.0 ms')
  expect(formatDifference(share, -0.00001)).toBe('0.00 pp')
  expect(formatInterval(share, { low: -0.0052, high: 0.008 })).toBe('−0.52 to +0.80 pp')
})

test('summaries give mean, spread and count', () => {
  expect(formatSummary(share, { mean: 0.8964, sd: 0.0021, n: 3 })).toBe('89.64 ± 0.21 % (3)')
  expect(formatSummary(share, { mean: 0.8964, sd: null, n: 1 })).toBe('89.64 % (1)')
  expect(formatSummary(number, { mean: 0.3, sd: 0.01, n: 2 })).toBe('0.3000 ± 0.0100 (2)')
  expect(formatSummary(time, { mean: 30, sd: 1.25, n: 2 })).toBe('30.0 ± 1.3 ms (2)')
  expect(formatSummary(number, { mean: Number.NaN, sd: null, n: 0 })).toBe('–')
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

test.each([
  [[], '–'],
  [[4], '4'],
  [[2, 1], '1, 2'],
  [[5, 1, 2, 3, 9, 10], '1 to 3, 5, 9, 10'],
])('seeds %j are written %s', (seeds, text) => {
  expect(formatSeeds(seeds)).toBe(text)
})
