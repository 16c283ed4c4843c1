import { readFileSync } from 'node:fs'
import { createRegistry, createRng, formatOptionTable } from '@tricklab/core'
import { data } from '@tricklab/data'
import { cropContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import alternatingFlip from '../src/index.ts'

const inner = { use: 'random-resized-crop', size: 8, flip: 0 }

cropContract({
  plugin: alternatingFlip,
  with: [data],
  name: 'alternating-flip',
  options: [{ crop: inner }, { crop: { use: 'resize-crop', size: 12 } }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([alternatingFlip]).component('crop', 'alternating-flip')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

const source = { width: 20, height: 16 }

function flips(seed: number, epoch: number, repeat = 0): boolean[] {
  const rng = createRng(seed)
  const registry = createRegistry([data, alternatingFlip], { rng })
  const { use } = registry.normalize('crop', { use: 'alternating-flip', crop: inner } as never, 'test')
  const crop = registry.create('crop', use, {})
  return Array.from(
    { length: 2000 },
    (_, index) => crop.draw(source, rng.at('crop', epoch, index), { index, epoch, repeat }).flip,
  )
}

test('half of the images begin mirrored, and every image is mirrored in every other epoch', () => {
  const first = flips(1, 0)
  // Of 2000; a deviation is 0.011.
  expect(Math.abs(first.filter(Boolean).length / 2000 - 0.5)).toBeLessThan(0.056)
  for (const epoch of [1, 2, 3]) expect(flips(1, epoch)).toEqual(first.map((flip) => flip !== (epoch % 2 === 1)))
  expect(flips(1, 0, 1)).toEqual(first.map((flip) => !flip))
  expect(flips(2, 0)).not.toEqual(first)
})

test('the region is that of the crop inside, and validation is not mirrored', () => {
  const rng = createRng(3)
  const registry = createRegistry([data, alternatingFlip], { rng })
  const build = (use: object) => registry.create('crop', registry.normalize('crop', use as never, 'test').use, {})
  const [alternating, plain] = [build({ use: 'alternating-flip', crop: inner }), build(inner)]
  const visit = { index: 4, epoch: 1, repeat: 0 }
  const { flip: _, ...region } = alternating.draw(source, rng.at('crop', 1, 4), visit)
  expect(plain.draw(source, rng.at('crop', 1, 4))).toMatchObject(region)
  expect(alternating.draw(source, null, null)).toEqual(plain.draw(source, null))
})
