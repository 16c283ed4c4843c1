import { createRegistry } from '@tricklab/core'
import { expect, test } from 'vitest'
import { data } from './index.ts'
import { createSynthetic } from './synthetic/dataset.ts'

const registry = createRegistry([data])
const factsOf = (name: string, options = {}) => {
  return registry.facts(registry.normalize('dataset', { use: name, ...options } as never, 'here').use)
}

test('a synthetic dataset is what its options say', () => {
  const facts = factsOf('synthetic', { classes: 3, trainSize: 20, validSize: 7 })
  const { use: _use, ...options } = registry.normalize(
    'dataset',
    { use: 'synthetic', classes: 3, trainSize: 20, validSize: 7 } as never,
    'here',
  ).use
  const dataset = createSynthetic(options as never)
  expect(facts).toEqual({
    classes: dataset.classes,
    imageShape: dataset.readSync!('train', 0).shape,
    contents: {
      train: dataset.size('train'),
      valid: dataset.size('valid'),
      digests: [dataset.digest],
      exhaustive: true,
    },
  })
})

test('FashionMNIST has one build', () => {
  expect(factsOf('fashion-mnist')).toEqual({
    classes: expect.arrayContaining(['T-shirt/top', 'Ankle boot']),
    imageShape: [28, 28, 1],
    contents: {
      train: 60_000,
      valid: 10_000,
      digests: ['5cf0562c46b89a77940b86f40a9a4325e7bed59d53ec555c4d14f0bed41ca53a'],
      exhaustive: true,
    },
  })
})

// The sizes that fast.ai states.
test.each([
  ['imagenette2', 9_469, 3_925],
  ['imagewoof2', 9_025, 3_929],
  ['imagenette', 12_894, 500],
  ['imagewoof', 12_454, 500],
])('%s has %i and %i photos, in builds that need not all be known', (name, train, valid) => {
  const facts = factsOf(name)!
  expect(facts.classes).toHaveLength(10)
  expect(facts.contents).toMatchObject({ train, valid, exhaustive: false })
  // How many photos are left out, only the photos tell.
  expect(factsOf(name, { onBadImage: 'skip' })).toEqual({ classes: facts.classes, reading: { shorterSide: 0 } })
  const options = { orientation: 'exif', colours: 'srgb', shrinkValid: 160 }
  expect(factsOf(name, options)!.reading).toEqual({ upright: true, srgb: true, shorterSide: 160 })
})
