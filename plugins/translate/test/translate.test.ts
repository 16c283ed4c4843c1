import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyMoves, drawMoves } from '../src/translate.ts'

test('moves are whole pixels up to the largest, each as often as any other', () => {
  const moves = drawMoves(createRng(1).at('a'), 25_000, 2)
  const counts = new Map<string, number>()
  for (const { x, y } of moves) counts.set(`${x},${y}`, (counts.get(`${x},${y}`) ?? 0) + 1)
  expect(counts.size).toBe(25)
  // 1000 each; a deviation is 31.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160)
})

describeOnEngines('moving', () => {
  // PyTorch 2.15: F.pad(torch.arange(12.).reshape(1, 1, 3, 4), (2, 2, 2, 2), 'reflect')[0, 0, 2 - dy : 5 - dy, 2 - dx : 6 - dx]
  test.each([
    [1, 0, [1, 0, 1, 2, 5, 4, 5, 6, 9, 8, 9, 10]],
    [-2, 1, [6, 7, 6, 5, 2, 3, 2, 1, 6, 7, 6, 5]],
    [2, -2, [10, 9, 8, 9, 6, 5, 4, 5, 2, 1, 0, 1]],
  ])('by %i to the right and %i down gives the numbers of PyTorch', (x, y, expected) => {
    const images = tf.reshape(tf.range(0, 12), [1, 3, 4, 1]) as tf.Tensor4D
    const moved = tf.tidy(() => applyMoves(images, [{ x, y }]).dataSync())
    expect([...moved]).toEqual(expected)
    images.dispose()
  })

  test('there and back again changes nothing where no edge is met', () => {
    const move = fc.record({ x: fc.integer({ min: -2, max: 2 }), y: fc.integer({ min: -2, max: 2 }) })
    fc.assert(
      fc.property(fc.array(move, { minLength: 2, maxLength: 2 }), (moves) => {
        const pixels = drawImages(2, 2, [7, 8, 2])
        const back = tf.tidy(() => {
          const there = applyMoves(tf.tensor4d(pixels, [2, 7, 8, 2]), moves)
          return applyMoves(
            there,
            moves.map(({ x, y }) => ({ x: -x, y: -y })),
          ).dataSync()
        })
        for (let n = 0; n < 2; n++)
          for (let y = 2; y < 5; y++)
            for (let x = 2; x < 6; x++) {
              const i = ((n * 7 + y) * 8 + x) * 2
              expect(back[i]).toBe(pixels[i])
            }
      }),
      { numRuns: 20 },
    )
  })
})
