import { createRng } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { describeOnEngines, drawImages, seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyColOut, drawKept } from '../src/col-out.ts'

test('what stays is in order, each once, and as much as asked for', () => {
  const share = fc.double({ min: 0, max: 0.99, noNaN: true })
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 70 }), share, (seed, size, left) => {
      const kept = [...drawKept(createRng(seed).at('a'), size, left)]
      expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
      expect(kept.length).toBe(Math.max(1, Math.floor((1 - left) * size)))
      for (const place of kept) expect(place >= 0 && place < size).toBe(true)
    }),
  )
})

test('every row is left out as often as any other', () => {
  const counts = new Float64Array(20)
  for (let seed = 0; seed < 2000; seed++) for (const row of drawKept(createRng(seed).at('a'), 20, 0.15)) counts[row]!++
  // 17 of 20: 1700 of 2000, of which a deviation is 16.
  for (const count of counts) expect(Math.abs(count - 1700)).toBeLessThan(80)
})

describeOnEngines('leaving out', () => {
  test('keeps the pixels where the kept rows and columns cross', () => {
    const pixels = drawImages(1, 2, [5, 6, 3])
    const [rows, columns] = [Int32Array.of(0, 2, 3), Int32Array.of(1, 5)]
    const left = tf.tidy(() => applyColOut(tf.tensor4d(pixels, [2, 5, 6, 3]), rows, columns).arraySync())
    expect(left.map((image) => [image.length, image[0]!.length])).toEqual([
      [3, 2],
      [3, 2],
    ])
    for (let n = 0; n < 2; n++)
      for (const [i, y] of rows.entries())
        for (const [j, x] of columns.entries())
          for (let c = 0; c < 3; c++) expect(left[n]![i]![j]![c]).toBe(pixels[((n * 5 + y) * 6 + x) * 3 + c])
  })
})
