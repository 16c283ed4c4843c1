import { createRng } from '@tricklab/core'
import { seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawBlocks } from '../src/draw-blocks.ts'

test('what is left out is a union of blocks within the image, and the factors keep their sum', () => {
  const settings = fc.record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    size: fc.integer({ min: 1, max: 5 }),
    rate: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
  })
  fc.assert(
    fc.property(seeds, settings, (seed, { height, width, size, rate }) => {
      const factors = drawBlocks(createRng(seed).at('a'), [2, height, width, 2], { rate, size })
      const side = Math.min(size, height, width)
      const isOut = (n: number, y: number, x: number, c: number) =>
        factors[((n * height + y) * width + x) * 2 + c] === 0
      const covered = new Set<number>()
      for (let n = 0; n < 2; n++)
        for (let c = 0; c < 2; c++)
          for (let y = 0; y <= height - side; y++)
            for (let x = 0; x <= width - side; x++) {
              const square = Array.from(
                { length: side * side },
                (_, i) => [y + Math.floor(i / side), x + (i % side)] as const,
              )
              if (!square.every(([row, column]) => isOut(n, row, column, c))) continue
              for (const [row, column] of square) covered.add(((n * height + row) * width + column) * 2 + c)
            }
      expect(new Set(Array.from(factors.keys()).filter((i) => factors[i] === 0))).toEqual(covered)
      const kept = factors.filter((factor) => factor !== 0)
      expect(new Set(kept).size).toBeLessThanOrEqual(1)
      // Float32 factors: each is rounded by 2⁻²⁴ of itself.
      if (kept.length > 0) expect(kept[0]! * kept.length).toBeCloseTo(factors.length, 4)
    }),
    { numRuns: 60 },
  )
})

// A value in the middle is kept when none of the size² corners that reach it is drawn: (1 − γ)^(size²).
test.each([
  [0.1, 3],
  [0.3, 1],
  [0.2, 4],
])('of rate %d and size %i: the share that is left out in the middle follows from the definition', (rate, size) => {
  const [height, width] = [12, 11]
  const chance = (rate * height * width) / (size * size * (height - size + 1) * (width - size + 1))
  const expected = 1 - (1 - chance) ** (size * size)
  const factors = drawBlocks(createRng(3).at('a'), [500, height, width, 8], { rate, size })
  const middle = Array.from(
    { length: 4000 },
    (_, i) => factors[((Math.floor(i / 8) * height + 6) * width + 5) * 8 + (i % 8)]!,
  )
  const share = middle.filter((factor) => factor === 0).length / middle.length
  // Of 4000 that are drawn one by one: five deviations.
  expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / 4000))
})
