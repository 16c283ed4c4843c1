import { readFileSync } from 'node:fs'
import { createRng } from '@tricklab/core'
import type { ImageOperation } from '@tricklab/core/contracts'
import { operate, operationAt } from '@tricklab/data/operations'
import { seeds } from '@tricklab/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyMixture, drawMixture, levels, strengthsOf } from '../src/draw-mixture.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/strengths.json', import.meta.url), 'utf8')) as {
  [operation: string]: number[] | null
}
const input = { width: 64, height: 48 }

const names: { readonly [theirs: string]: ImageOperation['name'] } = {
  ...{ ShearX: 'shear-x', ShearY: 'shear-y', TranslateX: 'translate-x', TranslateY: 'translate-y', Rotate: 'rotate' },
  ...{ Brightness: 'brightness', Color: 'colour', Contrast: 'contrast', Sharpness: 'sharpness' },
  ...{ Posterize: 'posterize', Solarize: 'solarize', AutoContrast: 'auto-contrast', Equalize: 'equalize' },
}

test.each(Object.entries(names).map(([theirs, name]) => ({ theirs, name })))(
  '$theirs has the amounts of torchvision at every level',
  ({ theirs, name }) => {
    const found = Array.from({ length: levels }, (_, level) =>
      operationAt(name, strengthsOf(input), { level, levels }, 1),
    )
    // torchvision tells factors as differences from 1.
    const isFactor = ['brightness', 'colour', 'contrast', 'sharpness'].includes(name)
    const isMove = name.startsWith('translate')
    const wanted = golden[theirs]?.map((amount) => (isFactor ? 1 + amount : isMove ? Math.trunc(amount) : amount))
    expect(found.map(({ amount }) => amount)).toEqual(wanted ?? Array(levels).fill(undefined))
  },
)

const mixing = fc.record({
  severity: fc.integer({ min: 1, max: 10 }),
  chains: fc.integer({ min: 0, max: 4 }),
  depth: fc.integer({ min: 0, max: 3 }),
  alpha: fc.double({ min: 0.05, max: 4, noNaN: true }),
  allOperations: fc.boolean(),
})

test('shares sum to 1, chains have their length, and colours change only where asked for', () => {
  fc.assert(
    fc.property(seeds, mixing, (seed, given) => {
      const { own, chains } = drawMixture(createRng(seed).at('a'), input, given)
      expect(chains).toHaveLength(given.chains)
      const sum = chains.reduce((total, { share }) => total + share, own)
      expect(Math.abs(sum - 1)).toBeLessThan(1e-12)
      for (const { share, steps } of chains) {
        expect(share).toBeGreaterThanOrEqual(0)
        if (given.depth > 0) expect(steps).toHaveLength(given.depth)
        else expect(steps.length >= 1 && steps.length <= 3).toBe(true)
        const coloured = steps.some(({ name }) => ['brightness', 'colour', 'contrast', 'sharpness'].includes(name))
        if (!given.allOperations) expect(coloured).toBe(false)
      }
    }),
  )
})

test('a mixture is the sum of the image and its chains, each by its share', () => {
  fc.assert(
    fc.property(seeds, mixing, (seed, given) => {
      const stream = createRng(seed).at('a')
      const image = { width: 6, height: 5, data: Uint8Array.from({ length: 90 }, () => stream.integer(256)) }
      const mixture = drawMixture(stream, image, given)
      const mixed = applyMixture(image, mixture)
      const changed = mixture.chains.map(({ share, steps }) => [share, operate(image, steps)] as const)
      for (const [i, value] of mixed.entries()) {
        const sum = changed.reduce((total, [share, bytes]) => total + share * bytes[i]!, mixture.own * image.data[i]!)
        // Float32 sums of at most five parts, each below 256: each rounds by 2⁻¹⁷ at most.
        expect(Math.abs(value - sum)).toBeLessThan(6 * 2 ** -17)
      }
    }),
    { numRuns: 30 },
  )
})
