import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRegistry } from '@tricklab/core'
import { datasetContract } from '@tricklab/testing'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { filesOf, namesOf, openByName, writeImages } from '../../test/own-photos.ts'
import { data } from '../index.ts'

let root: string

beforeEach(async () => {
  const folder = await createFolder()
  vi.stubEnv('TRICKLAB_CACHE', path.join(folder, 'cache'))
  root = path.join(folder, 'pets')
})
afterAll(() => {
  vi.unstubAllEnvs()
})

const open = (options: Record<string, string | number> = {}) =>
  openByName({ use: 'image-folder', folder: root, ...options })

test.each(['val', 'valid', 'validation', 'test'])(
  'train and %s are the splits; every format is read',
  async (valid) => {
    await writeImages(root, ['train/cat/a.jpg', 'train/cat/deep/b.webp', 'train/dog/c.png', `${valid}/cat/d.tiff`])
    await writeImages(root, [`${valid}/dog/e.gif`, 'train/dog/f.avif'])
    const dataset = await open()
    expect(dataset.classes).toEqual(['cat', 'dog'])
    expect(filesOf(dataset, 'train')).toEqual([
      'train/cat/a.jpg cat',
      'train/cat/deep/b.webp cat',
      'train/dog/c.png dog',
      'train/dog/f.avif dog',
    ])
    expect(filesOf(dataset, 'valid')).toEqual([`${valid}/cat/d.tiff cat`, `${valid}/dog/e.gif dog`])
    expect((await dataset.read('train', 1)).shape).toEqual([16, 21, 3])
    expect(dataset.note).toBeUndefined()
  },
)

test('in one folder of classes a share of every class validates: the same for a key, another for another', async () => {
  await writeImages(root, namesOf('', { cat: 10, dog: 4, emu: 2 }))
  const dataset = await open()
  const counted = (split: 'train' | 'valid') =>
    dataset.classes.map((name) => filesOf(dataset, split).filter((file) => file.endsWith(` ${name}`)).length)
  expect([counted('train'), counted('valid')]).toEqual([
    [8, 3, 1],
    [2, 1, 1],
  ])
  const all = [...filesOf(dataset, 'train'), ...filesOf(dataset, 'valid')]
  expect(new Set(all).size).toBe(16)
  expect(filesOf(await open(), 'valid')).toEqual(filesOf(dataset, 'valid'))
  const other = await open({ splitSeed: 1 })
  expect(filesOf(other, 'valid')).not.toEqual(filesOf(dataset, 'valid'))
  expect(other.digest).not.toBe(dataset.digest)
  expect((await open({ validShare: 0.5 })).size('valid')).toBe(5 + 2 + 1)
  expect(dataset.note).toBe('A share of 0.2 of every class validates, drawn by the number 0.')
})

test('a train folder alone is split by a share', async () => {
  await writeImages(root, namesOf('train', { cat: 5, dog: 5 }))
  const dataset = await open()
  expect([dataset.classes, dataset.size('train'), dataset.size('valid')]).toEqual([['cat', 'dog'], 8, 2])
})

test('the digest follows contents and classes, not the place', async () => {
  await writeImages(root, namesOf('', { cat: 3, dog: 3 }))
  const before = (await open()).digest
  const moved = path.join(path.dirname(root), 'moved')
  await rename(root, moved)
  expect((await openByName({ use: 'image-folder', folder: moved })).digest).toBe(before)
  await rename(path.join(moved, 'cat'), path.join(moved, 'cow'))
  expect((await openByName({ use: 'image-folder', folder: moved })).digest).not.toBe(before)
})

test('the folder is found below --data, as --data, and from where the command runs', async () => {
  await writeImages(root, namesOf('', { cat: 2, dog: 2 }))
  const use = { use: 'image-folder', folder: 'pets' }
  const { digest } = await open()
  const parent = path.dirname(root)
  expect((await openByName(use, { dataPaths: [parent] })).digest).toBe(digest)
  expect((await openByName(use, { dataPaths: [root] })).digest).toBe(digest)
  const fromHere = path.relative(process.cwd(), root)
  expect((await openByName({ use: 'image-folder', folder: fromHere })).digest).toBe(digest)
  vi.stubEnv('TRICKLAB_DATA', parent)
  expect((await openByName(use)).digest).toBe(digest)
  vi.stubEnv('TRICKLAB_DATA', '')
  await expect(openByName(use, { dataPaths: [path.join(root, 'cat')] })).rejects.toThrow(
    /E_DATASET_MISSING.*"pets".*1\. --data .*cat: no folder.*2\. the folder where the command runs: no folder.*Fix: correct the option/s,
  )
})

test('what file managers leave is passed over; other files are told of', async () => {
  await writeImages(root, [...namesOf('', { cat: 2, dog: 2 }), 'cat/.hidden.jpg', '@eaDir/x/1.jpg', '.git/a.jpg'])
  await writeFile(path.join(root, 'cat/notes.txt'), 'text')
  await writeFile(path.join(root, 'labels.csv'), 'text')
  await symlink(path.join(root, 'dog'), path.join(root, 'dog/circle'))
  const dataset = await open()
  expect(dataset.classes).toEqual(['cat', 'dog'])
  expect(dataset.size('train') + dataset.size('valid')).toBe(4)
  expect(dataset.note).toContain('no image by name left aside: ')
  expect(dataset.note).toContain('cat/notes.txt')
})

test('photos are turned by their EXIF orientation unless the recipe says otherwise', async () => {
  await writeImages(root, namesOf('', { cat: 2, dog: 2 }))
  const facts = (options: object) =>
    createRegistry([data]).facts({ use: 'image-folder', folder: root, ...options } as never)
  expect(facts({ orientation: 'exif', colours: 'srgb', shrinkValid: 0 })).toEqual({
    reading: { upright: true, srgb: true, shorterSide: 0 },
  })
  expect((await open()).photo('train', 0)).toMatchObject({ upright: true, srgb: true })
  expect((await open({ orientation: 'stored' })).photo('train', 0)).not.toHaveProperty('upright')
})

describe('before the first step it refuses', () => {
  test.each<[string, readonly string[], (root: string) => Promise<unknown>, RegExp]>([
    ['a folder without classes', [], (at) => mkdir(at), /E_DATASET_CLASSES.*fewer than two classes.*Received: none/s],
    ['a dataset of one class', namesOf('', { cat: 4 }), async () => {}, /E_DATASET_CLASSES.*Received: "cat" alone/s],
    [
      'an empty class folder',
      namesOf('', { cat: 3 }),
      (at) => mkdir(path.join(at, 'dog')),
      /E_DATASET_CLASSES.*pets\/dog holds no image/s,
    ],
    [
      'a class of one image',
      namesOf('', { cat: 3, dog: 1 }),
      async () => {},
      /E_DATASET_CLASSES.*"dog" has one image/s,
    ],
    [
      'other classes in validation',
      [...namesOf('train', { cat: 1, dog: 1 }), ...namesOf('val', { cat: 1, emu: 1 })],
      async () => {},
      /E_DATASET_CLASSES.*train and val.*no .*val\/dog, no .*train\/emu/s,
    ],
    [
      'an image in a format that the decoder does not know',
      namesOf('', { cat: 3, dog: 3 }),
      (at) => writeFile(path.join(at, 'cat/phone.heic'), Buffer.from('00000018667479706865696300000000', 'hex')),
      /E_DATASET_CORRUPT.*phone\.heic cannot be decoded/s,
    ],
  ])('%s', async (_name, files, change, message) => {
    await writeImages(root, files)
    await change(root)
    await expect(open()).rejects.toThrow(message)
  })

  test('a class of which nothing can be decoded', async () => {
    await writeImages(root, namesOf('', { cat: 3, dog: 2 }))
    for (const index of [0, 1]) await writeFile(path.join(root, `dog/${index}.jpg`), 'no image')
    await expect(open({ onBadImage: 'skip' })).rejects.toThrow(
      /E_DATASET_CLASSES.*no training image of the class "dog"/s,
    )
    await rm(path.join(root, 'dog'), { recursive: true })
  })
})

const contractRoot = await mkdtemp(path.join(tmpdir(), 'tricklab-folder-'))
await writeImages(contractRoot, namesOf('', { cat: 4, dog: 3 }))
afterAll(() => rm(contractRoot, { recursive: true, force: true }))
datasetContract({
  plugin: data,
  name: 'image-folder',
  options: [{ folder: contractRoot }, { folder: contractRoot, validShare: 0.5, shrinkTrain: 8 }],
})
