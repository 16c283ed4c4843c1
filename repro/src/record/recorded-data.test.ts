import { dataEffects } from '@tricklab/recipes'
import { expect, test } from 'vitest'
import { recordedData } from './recorded-data.ts'

const manifest = (note: string | undefined, { archive = 'full', size = 128, name = 'imagewoof2' } = {}) => ({
  recipe: { data: { dataset: { use: name, archive }, train: { crop: { use: 'random-resized-crop', size } } } },
  dataset: { name, digest: '', train: 9025, valid: 3929, ...(note === undefined ? {} : { note }) },
})
const shrunk =
  'Data: the photos of Imagewoof v2 re-encoded from 320 px to a shorter side of 224 px, no official archive, from the folder dogs (the recipe asks for imagewoof2).'
const asGiven = 'Data: the folder dogs as given, not known to be the archive imagewoof2-320 that the recipe asks for.'
const smaller =
  'Data: the official 320 px photos of Imagewoof v2, from the folder dogs (the recipe asks for imagewoof2).'

test('the photos of the source are called by their archive', () => {
  const own = 'Data: the official 320 px photos of Imagewoof v2, from the folder dogs.'
  expect(recordedData(manifest(own, { archive: '320' }))).toEqual({ label: 'imagewoof2, 320 px' })
  expect(recordedData(manifest(undefined))).toEqual({ label: 'imagewoof2, original photos' })
  const plain = { recipe: { data: { dataset: { use: 'fashion-mnist' } } }, dataset: manifest(undefined).dataset }
  expect(recordedData({ ...plain, dataset: { ...plain.dataset, name: 'fashion-mnist' } }).label).toBe('fashion-mnist')
})

test('other photos are named wherever the verdict stands', () => {
  expect(recordedData(manifest(shrunk))).toMatchObject({
    label: "re-encoded 224 px photos, not the source's",
    others: 're-encoded 224 px photos',
    sentence:
      "The verdict is about other photos than the source's: the photos of Imagewoof v2 re-encoded from 320 px to a shorter side of 224 px, no official archive, from the folder dogs. The recipe asks for imagewoof2.",
  })
  expect(recordedData(manifest(smaller)).others).toBe('official 320 px photos')
  expect(recordedData(manifest(asGiven, { archive: '320' })).others).toBe('photos as given')
})

test('the documented effect of shrunk photos stands beside them, and only where it is about them', () => {
  const effect = recordedData(manifest(shrunk)).effect!
  // facts: 61.25 → 63.89 % after 5 epochs, 80.87 → 82.40 % after 20.
  expect(effect).toContain('cost 2.6 points after 5 epochs (61.25 % instead of 63.89 %, 20 runs)')
  expect(effect).toContain('and 1.5 points after 20 epochs (80.87 % instead of 82.40 %, 3 runs)')
  expect(effect).toContain(dataEffects[0]!.source)
  expect(effect).toContain('The photos here have 224 px')
  expect(recordedData(manifest(shrunk, { size: 256 })).effect).toBeUndefined()
  expect(recordedData(manifest(shrunk, { name: 'imagenette2' })).effect).toBeUndefined()
  // The source itself used the archive of 160 px: these photos are larger.
  expect(recordedData(manifest(shrunk, { archive: '160' })).effect).toBeUndefined()
  expect(recordedData(manifest(asGiven)).effect).toBeUndefined()
  const small = shrunk.replace('side of 224', 'side of 160')
  expect(recordedData(manifest(small)).effect).not.toContain('The photos here')
})
