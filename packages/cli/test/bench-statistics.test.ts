import { describe, expect, it } from 'vitest'
import { invertSpread, median, pairedRatios, spreadOf, spreadOfTurns } from '../src/bench/statistics.ts'

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([3, 1, 100])).toBe(3)
    expect(median([5])).toBe(5)
  })

  it('is the mean of the two middle values of an even number', () => {
    expect(median([1, 2, 4, 100])).toBe(3)
  })

  it('leaves its input as it is', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })

  it('of nothing is not a number', () => {
    expect(median([])).toBeNaN()
  })
})

describe('the spread of turns', () => {
  it('has the range of the medians, so that one disturbed step moves nothing', () => {
    const turns = [
      [10, 11, 900],
      [12, 12, 12],
      [14, 13, 15],
    ]
    expect(spreadOfTurns(turns)).toEqual({ median: 12, min: 11, max: 14 })
    expect(spreadOf([2, 1])).toEqual({ median: 1.5, min: 1, max: 2 })
  })

  it('turns into a rate with the ends exchanged', () => {
    expect(invertSpread({ median: 20, min: 10, max: 40 }, 1000)).toEqual({ median: 50, min: 25, max: 100 })
  })
})

describe('the ratio of paired turns', () => {
  it('divides turn by turn, so that a slow moment of the machine falls out', () => {
    const ours = [[10, 10, 10], [20, 20, 20], [10]]
    const peer = [[30, 30, 30], [60, 60, 60], [40]]
    expect(pairedRatios(ours, peer)).toEqual({ turns: [3, 3, 4], median: 3, min: 3, max: 4 })
  })

  it('refuses turns without a partner', () => {
    expect(() => pairedRatios([[1], [2]], [[1]])).toThrow(RangeError)
  })
})
