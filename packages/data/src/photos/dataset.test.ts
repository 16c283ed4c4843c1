import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { encodePhoto, smallFamily, writePhotos } from '../../test/photos.ts'
import { openPhotoFolder, type PhotoDatasetOptions } from './dataset.ts'

async function prepare(change?: (root: string) => Promise<unknown>) {
  const folder = await createFolder()
  const root = path.join(folder, 'small2')
  const files = await writePhotos(root)
  await change?.(root)
  const logs: string[] = []
  const options: PhotoDatasetOptions = {
    family: smallFamily,
    version: 2,
    onBadImage: 'fail',
    shrink: { train: 0, valid: 0 },
    notes: [],
    cache: path.join(folder, 'index'),
    log: (message) => logs.push(message),
  }
  const open = (more: Partial<PhotoDatasetOptions> = {}) => openPhotoFolder(root, { ...options, ...more })
  return { folder, root, files, open, logs, options }
}

test('version 2 takes the split from the folders, version 1 from the file names', async () => {
  const { open, logs } = await prepare()
  const two = await open()
  expect([two.size('train'), two.size('valid'), two.classes]).toEqual([5, 3, ['first', 'second']])
  expect(two.photo('train', 3)).toMatchObject({ label: 1, width: 45, height: 33 })
  expect(two.note).toBeUndefined()
  expect(logs).toEqual([])
  const one = await open({ version: 1 })
  expect([one.size('train'), one.size('valid')]).toEqual([4, 4])
  expect(one.photo('valid', 0).file).toMatch(/ILSVRC2012_val_train_n001/)
  const order = [0, 1, 2, 3].map((index) => one.photo('train', index))
  expect(order.map(({ label }) => label)).toEqual([0, 0, 0, 1])
  expect(one.digest).not.toBe(two.digest)
})

test('the digest follows names and content, not place or date', async () => {
  const { folder, root, files, open, options } = await prepare()
  const before = (await open()).digest
  await cp(root, path.join(folder, 'copy'), { recursive: true })
  expect((await openPhotoFolder(path.join(folder, 'copy'), options)).digest).toBe(before)
  await writeFile(path.join(root, files[0]!), await encodePhoto('other', 40, 30))
  expect((await open()).digest).not.toBe(before)
})

test('photos of a split are shrunk on request: size, pixels, digest and note say so', async () => {
  const { open } = await prepare()
  const stored = await open()
  const shrunk = await open({ shrink: { train: 31, valid: 0 } })
  // 50 × 36, 40 × 30 and 45 × 33: 31 · 50 / 36 = 43.1, what is small enough stays, 31 · 45 / 33 = 42.3.
  expect([0, 1, 2].map((index) => shrunk.photo('train', index))).toMatchObject([
    { width: 43, height: 31, shrunk: true },
    { width: 40, height: 30 },
    { width: 42, height: 31, shrunk: true },
  ])
  expect(shrunk.photo('train', 1)).toEqual(stored.photo('train', 1))
  expect(shrunk.photo('valid', 0)).toEqual(stored.photo('valid', 0))
  // Where a view makes a training photo of a validation photo.
  expect(shrunk.photo('valid', 0, 'train')).toMatchObject({ width: 42, height: 31, shrunk: true })
  expect((await shrunk.read('train', 0)).shape).toEqual([31, 43, 3])
  expect((await shrunk.read('valid', 0, 'train')).shape).toEqual([31, 42, 3])
  expect(await shrunk.read('valid', 0)).toEqual(await stored.read('valid', 0))
  expect(shrunk.note).toBe('Training photos are shrunk to a shorter side of 31 px when read.')
  const digests = [stored, shrunk, await open({ shrink: { train: 0, valid: 31 } })].map(({ digest }) => digest)
  expect(new Set(digests).size).toBe(3)
})

test('the note says where the photos come from', async () => {
  const { open } = await prepare()
  const origin = { found: 'the folder small2', wanted: 'small2-320' }
  const note = 'Data: the folder small2 as given, not known to be the archive small2-320 that the recipe asks for.'
  for (const version of [2, 1] as const) expect((await open({ origin, version })).note).toContain(note)
})

test('the index is used while size and date stay, and a broken one is not', async () => {
  const { folder, open, options } = await prepare()
  const read: number[] = []
  const { digest } = await open({ onProgress: (done) => read.push(done) })
  expect(read.length).toBeGreaterThan(0)
  read.length = 0
  expect((await open({ onProgress: (done) => read.push(done) })).digest).toBe(digest)
  expect(read).toEqual([])
  const [index] = await readdir(path.join(folder, 'index'))
  await writeFile(path.join(options.cache, index!), '{"decoder":')
  expect((await open()).digest).toBe(digest)
})

test('reading gives upright RGB of any size', async () => {
  const { open } = await prepare()
  const { pixels, shape, label } = await (await open()).read('train', 2)
  expect([pixels.length, shape, label]).toEqual([45 * 33 * 3, [33, 45, 3], 0])
})

test.each<[string, (root: string) => Promise<unknown>, RegExp]>([
  [
    'a truncated JPEG',
    async (root) => {
      const file = path.join(root, 'train/n001/train_n001_1.JPEG')
      await writeFile(file, (await readFile(file)).subarray(0, 300))
    },
    /E_DATASET_CORRUPT.*train_n001_1\.JPEG cannot be decoded/,
  ],
  [
    'a text file named .JPEG',
    (root) => writeFile(path.join(root, 'val/n002/note.JPEG'), 'not an image'),
    /E_DATASET_CORRUPT.*note\.JPEG cannot be decoded/,
  ],
  [
    'an empty file',
    (root) => writeFile(path.join(root, 'val/n002/empty.JPEG'), ''),
    /E_DATASET_CORRUPT.*empty\.JPEG cannot be decoded/,
  ],
  [
    'an empty class folder',
    async (root) => {
      await rm(path.join(root, 'val/n002'), { recursive: true })
      await mkdir(path.join(root, 'val/n002'))
    },
    /E_DATASET_CORRUPT.*val\/n002 holds no image/,
  ],
  [
    'classes that differ between train and val',
    (root) => rm(path.join(root, 'val/n002'), { recursive: true }),
    /E_DATASET_CORRUPT.*different classes.*no .*val\/n002/,
  ],
  [
    'classes of another dataset',
    async (root) => {
      for (const part of ['train', 'val'])
        await cp(path.join(root, part, 'n001'), path.join(root, part, 'n009'), { recursive: true })
    },
    /E_DATASET_CORRUPT.*not those of the dataset.*an unknown n009/,
  ],
])('%s is refused by name', async (_name, change, message) => {
  const { open } = await prepare(change)
  await expect(open()).rejects.toThrow(message)
})

test("onBadImage 'skip' leaves bad images out, counts them and says so", async () => {
  const { open, root, logs } = await prepare(async (root) => {
    await writeFile(path.join(root, 'val/n002/note.JPEG'), 'not an image')
  })
  const file = path.join(root, 'train/n001/train_n001_0.JPEG')
  await writeFile(file, (await readFile(file)).subarray(0, 400))
  const dataset = await open({ onBadImage: 'skip' })
  expect(dataset.skipped).toEqual(['train/n001/train_n001_0.JPEG', 'val/n002/note.JPEG'])
  expect([dataset.size('train'), dataset.size('valid')]).toEqual([4, 3])
  expect(dataset.note).toMatch(/4 training and 3 validation images instead of 5 and 3.*2 images that cannot be decoded/)
  expect(logs.join(' ')).toContain('note.JPEG')
})
