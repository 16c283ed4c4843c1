import { createRng, type Dataset, type Split, TricklabError } from '@tricklab/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryDataset } from '../../test/memory-dataset.ts'
import { createRandomSplit } from './random-split.ts'

const stream = (...key: (string | number)[]) => createRng(1).at('split', ...key)
const dataset = createMemoryDataset({ train: 30, valid: 21 }, [1, 3, 1])

/** Every sample by its bytes: split and index of the dataset given are in them. */
function samplesOf(view: Dataset, split: Split): string[] {
  return Array.from({ length: view.size(split) }, (_, index) => {
    const { pixels, label } = view.readSync!(split, index)
    return `${[...pixels]} ${label}`
  })
}
const all = (view: Dataset) => [...samplesOf(view, 'train'), ...samplesOf(view, 'valid')].sort()

test('every image is in exactly one split', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.02, max: 0.999, noNaN: true }), fc.integer(), (share, key) => {
      const view = createRandomSplit(dataset, share, stream(key))
      expect(view.size('valid')).toBe(Math.floor(share * 51))
      expect(all(view)).toEqual(all(dataset))
    }),
    { numRuns: 50 },
  )
})

test("Imagenette's 13,394 images give the 10,716 and 2,678 of the source", () => {
  const whole = createMemoryDataset({ train: 9469, valid: 3925 }, [1, 2, 1])
  const view = createRandomSplit(whole, 0.2, stream(0))
  expect([view.size('train'), view.size('valid')]).toEqual([10_716, 2678])
  // Drawn from both folders, evenly: 2678 · 3925/13394 = 785 ± 6 σ (σ² of a draw without replacement: 444).
  const held = Array.from({ length: 3925 }, (_, index) => whole.readSync('valid', index))
  const fromValid = new Set(held)
  const drawn = Array.from({ length: 2678 }, (_, index) => view.readSync!('valid', index))
  const count = drawn.filter((sample) => fromValid.has(sample)).length
  expect(Math.abs(count - 785)).toBeLessThan(6 * Math.sqrt(444))
})

test('the same key gives the same split, another key another one, and the digest tells', () => {
  const views = [stream(0), stream(0), stream(1)].map((key) => createRandomSplit(dataset, 0.4, key))
  const [first, again, other] = views.map((view) => samplesOf(view, 'valid'))
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  expect(views[1]!.digest).toBe(views[0]!.digest)
  expect(new Set([dataset.digest, ...views.map(({ digest }) => digest)]).size).toBe(3)
})

test('a sample is read as the split that it is put into asks for', async () => {
  const photo = (_: Split, __: number, as?: Split) => ({ path: as!, label: 0, width: 1, height: 1 })
  const asked: (Split | undefined)[] = []
  const read: Dataset['read'] = (split, index, as) => {
    asked.push(as)
    return dataset.read(split, index)
  }
  const view = createRandomSplit({ ...dataset, photo, read }, 0.3, stream(0))
  for (const split of ['train', 'valid'] as const) {
    for (let index = 0; index < view.size(split); index++) {
      expect(view.photo!(split, index).path).toBe(split)
      await view.read(split, index)
      expect(asked.pop()).toBe(split)
    }
  }
})

test('read, readSync and photo name the same sample; what a dataset lacks stays absent', async () => {
  const photo = (split: Split, index: number) => ({ path: `${split}/${index}`, label: 0, width: 1, height: 1 })
  const view = createRandomSplit({ ...dataset, photo, note: 'a note' }, 0.3, stream(0))
  expect(view.note).toBe('a note')
  for (const split of ['train', 'valid'] as const) {
    for (let index = 0; index < view.size(split); index++) {
      const [from, at] = view.photo!(split, index).path.split('/') as [Split, string]
      expect(view.readSync!(split, index)).toBe(dataset.readSync(from, Number(at)))
      expect(await view.read(split, index)).toBe(view.readSync!(split, index))
    }
  }
  const { readSync: _readSync, ...slow } = dataset
  const plain = createRandomSplit(slow, 0.3, stream(0))
  expect([plain.readSync, plain.photo, plain.note]).toEqual([undefined, undefined, undefined])
  expect(() => view.readSync!('valid', view.size('valid'))).toThrow('E_INTERNAL')
})

test('a share of less than one image is refused', () => {
  const few = createMemoryDataset({ train: 1, valid: 1 })
  expect(() => createRandomSplit(few, 0.49, stream(0))).toThrow(TricklabError)
  expect(createRandomSplit(few, 0.5, stream(0)).size('valid')).toBe(1)
})
