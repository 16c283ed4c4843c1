import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRng, type Stream } from './index.ts'

const draw = (length: number, next: () => number) => Array.from({ length }, next)

test('golden numbers: a change of the generator changes every result ever recorded', () => {
  const at = (...key: (string | number)[]) => createRng(1).at(...key)
  expect({
    uniform: draw(3, at('a').uniform),
    integer: draw(5, integersOf(at('b', 2))),
    normal: draw(3, at('c').normal),
    gamma: [at('d').gamma(0.3), at('d').gamma(2)],
    beta: [at('e').beta(0.4, 0.4), at('e').beta(2, 5)],
    permutation: [...at('f').permutation(8)],
    otherSeed: createRng(-7).at('a').uniform(),
    scoped: createRng(1).scope('x', 3).at('a').uniform(),
  }).toEqual({
    beta: [0.000037883687724668334, 0.015179140074339832],
    gamma: [0.6755542960742686, 2.334587047450814],
    integer: [209, 114, 686, 531, 785],
    normal: [-0.5580947438488008, -0.7602966841924099, 0.02714114215018376],
    otherSeed: 0.41434136126190424,
    permutation: [3, 5, 2, 7, 6, 1, 4, 0],
    scoped: 0.5703053113538772,
    uniform: [0.11428269138559699, 0.24502423498779535, 0.41554361511953175],
  })
})

function integersOf(stream: Stream) {
  return () => stream.integer(1000)
}

describe('keys', () => {
  test('a stream depends on seed and key alone, not on what was drawn before', () => {
    const rng = createRng(3)
    const fresh = draw(5, rng.at('mixup', 7).uniform)
    const other = rng.at('shuffle', 0)
    draw(100, other.uniform)
    rng.scope('mixup').at('elsewhere').normal()
    expect(draw(5, rng.at('mixup', 7).uniform)).toEqual(fresh)
    expect(draw(5, createRng(3).at('mixup', 7).uniform)).toEqual(fresh)
  })

  test('scopes put their key before the keys inside', () => {
    const rng = createRng(3)
    const expected = rng.at('a', 1, 'b').uniform()
    expect(rng.scope('a').at(1, 'b').uniform()).toBe(expected)
    expect(rng.scope('a', 1).scope('b').at().uniform()).toBe(expected)
    expect(rng.scope().at('a', 1, 'b').uniform()).toBe(expected)
  })

  test('different seeds and keys give different streams', () => {
    const keys: (string | number)[][] = [
      [],
      ['a'],
      ['a', 0],
      ['a', 1],
      ['a', '1'],
      ['a,1'],
      ['a/1'],
      [1, 'a'],
      ['', 'a'],
      ['b'],
    ]
    const seeds = [0, 1, -1, 2, 10, 2 ** 40]
    const first = seeds.flatMap((seed) => keys.map((key) => draw(2, createRng(seed).at(...key).uniform).join()))
    expect(new Set(first).size).toBe(first.length)
  })

  test('two interleaved streams do not touch each other', () => {
    const [a, b] = [createRng(1).at('a'), createRng(1).at('b')]
    const interleaved = draw(10, () => [a.normal(), b.normal()] as never) as unknown as number[][]
    expect(interleaved.map(([value]) => value)).toEqual(draw(10, createRng(1).at('a').normal))
  })
})

describe('distributions', () => {
  const count = 40_000
  const moments = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
  }
  /** Five standard errors of the mean; the variance's error is of the same order here. */
  const expectMoments = (values: number[], mean: number, variance: number) => {
    const found = moments(values)
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / count))
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.05)
  }
  const stream = () => createRng(9).at('moments')

  test('uniform', () => {
    const values = draw(count, stream().uniform)
    expectMoments(values, 1 / 2, 1 / 12)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
  })

  test('normal', () => {
    const values = draw(count, stream().normal)
    expectMoments(values, 0, 1)
    expect(values.filter((value) => Math.abs(value) > 1.96).length / count).toBeCloseTo(0.05, 2)
  })

  test.each([0.3, 1, 4.5])('gamma(%d)', (shape) => {
    const source = stream()
    expectMoments(
      draw(count, () => source.gamma(shape)),
      shape,
      shape,
    )
  })

  test.each([
    [0.4, 0.4],
    [1, 1],
    [2, 5],
  ])('beta(%d, %d)', (a, b) => {
    const source = stream()
    const values = draw(count, () => source.beta(a, b))
    expectMoments(values, a / (a + b), (a * b) / ((a + b) ** 2 * (a + b + 1)))
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true)
  })

  test('beta of tiny shapes is two spikes, never NaN', () => {
    const source = stream()
    const values = draw(2000, () => source.beta(1e-8, 3e-8))
    expect(values.every((value) => value === 0 || value === 1)).toBe(true)
    expect(moments(values).mean).toBeCloseTo(0.25, 1)
  })

  test.each([0, -1, Number.NaN])('gamma(%d) is refused, for it would never end or mean nothing', (shape) => {
    expect(() => stream().gamma(shape)).toThrow(RangeError)
  })

  test('integers are below their bound, and every one of them comes', () => {
    const source = stream()
    const counts = Array(7).fill(0)
    for (let i = 0; i < 7000; i++) counts[source.integer(7)] += 1
    expect(counts).toHaveLength(7)
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(source.integer(1)).toBe(0)
    expect(source.integer(2 ** 32)).toBeLessThan(2 ** 32)
  })
})

test('a permutation holds every index once', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 300 }), (seed, length) => {
      const order = createRng(seed).at('order').permutation(length)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, index) => index))
    }),
    { seed: 1 },
  )
})

test('all orders of three are equally likely', () => {
  const stream = createRng(2).at('orders')
  const counts = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = stream.permutation(3).join()
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  // χ² with 5 degrees of freedom: 20.5 is passed once in a thousand.
  const chi = [...counts.values()].reduce((sum, value) => sum + (value - 1000) ** 2 / 1000, 0)
  expect(chi).toBeLessThan(20.5)
})
