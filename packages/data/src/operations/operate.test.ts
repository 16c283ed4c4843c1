import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ImageOperation } from '@tricklab/core/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pixels } from '../pixels/resample.ts'
import { operate } from './operate.ts'

const golden = JSON.parse(readFileSync(new URL('../../test/golden/operations.json', import.meta.url), 'utf8')) as {
  name: ImageOperation['name']
  amount: number
  smooth: boolean
  digests: string[]
}[]

/** As in make_operations.py. */
function createPixels(width: number, height: number, scale: number, shift: number): Pixels {
  const value = (i: number) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3]
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    return Math.floor(((7 * x + 13 * y + 29 * c + x * y) % 256) / scale) + shift
  }
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)) }
}

const images = [createPixels(23, 17, 1, 0), createPixels(12, 12, 3, 60), createPixels(40, 31, 200, 77)]

test.each(golden)('$name by $amount, smooth: $smooth, gives the bytes of Pillow', ({ digests, ...step }) => {
  for (const [index, image] of images.entries()) {
    const bytes = operate(image, [step])
    expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16), `image ${index}`).toBe(digests[index])
  }
})

describe('properties', () => {
  const pixels = fc
    .record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      channels: fc.constantFrom(1, 3),
    })
    .chain(({ width, height, channels }) =>
      fc.record({
        ...{ width: fc.constant(width), height: fc.constant(height) },
        data: fc.uint8Array({ minLength: width * height * channels, maxLength: width * height * channels }),
      }),
    )
  const neutral: ImageOperation[] = [
    ...(['shear-x', 'shear-y', 'translate-x', 'translate-y', 'rotate'] as const).flatMap((name) => [
      { name, amount: 0 },
      { name, amount: 0, smooth: true },
    ]),
    ...(['brightness', 'colour', 'contrast', 'sharpness'] as const).map((name) => ({ name, amount: 1 })),
    { name: 'posterize', amount: 8 },
    { name: 'solarize', amount: 256 },
  ]

  test('the neutral amount changes no byte, and the image given stays', () => {
    fc.assert(
      fc.property(pixels, fc.constantFrom(...neutral), (image, step) => {
        const bytes = operate(image, [step])
        expect(bytes).toEqual(image.data)
        expect(bytes).not.toBe(image.data)
      }),
      { numRuns: 50 },
    )
  })

  test('a grey image in colour becomes what it becomes with one channel', () => {
    const steps = golden.map(({ digests: _, ...step }) => step)
    const grey = pixels.map(({ width, height, data }) => ({ width, height, data: data.slice(0, width * height) }))
    fc.assert(
      fc.property(grey, fc.constantFrom(...steps), (image, step) => {
        const colour = {
          ...image,
          data: Uint8Array.from({ length: 3 * image.data.length }, (_, i) => image.data[Math.floor(i / 3)]!),
        }
        const [alone, three] = [operate(image, [step]), operate(colour, [step])]
        expect(three).toEqual(Uint8Array.from(three, (_, i) => alone[Math.floor(i / 3)]!))
      }),
      { numRuns: 50 },
    )
  })
})
