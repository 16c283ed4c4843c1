import { execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { drawPhoto, encodePhoto, smallFamily, writePhotos } from '../../test/photos.ts'
import { describeImageError } from '../decode/image-error.ts'
import { unreadable } from '../decode/read-photo.ts'
import { openPhotoFolder, type PhotoFolderOptions } from './dataset.ts'
import type { PhotoDataset } from './open-files.ts'

async function prepare(change?: (root: string) => Promise<unknown>) {
  const folder = await createFolder()
  const root = path.join(folder, 'small2')
  const files = await writePhotos(root)
  await change?.(root)
  const logs: string[] = []
  const options: PhotoFolderOptions = {
    family: smallFamily,
    version: 2,
    onBadImage: 'fail',
    shrink: { train: 0, valid: 0 },
    notes: [],
    cache: path.join(folder, 'index'),
    log: (message) => logs.push(message),
  }
  const open = (more: Partial<PhotoFolderOptions> = {}) => openPhotoFolder(root, { ...options, ...more })
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

test('photos with an EXIF turn or a profile are read as stored, or as asked for: size, pixels, digest', async () => {
  const { root, files, open } = await prepare()
  const turned = await drawPhoto('turned', 40, 30)
    .withMetadata({ orientation: 6 })
    .withIccProfile('p3')
    .jpeg()
    .toBuffer()
  await writeFile(path.join(root, files[0]!), turned)
  const shapeOf = async (dataset: PhotoDataset) => (await dataset.read('train', 1)).shape
  const stored = await open()
  expect(stored.photo('train', 1)).toMatchObject({ file: files[0], width: 40, height: 30 })
  expect(await shapeOf(stored)).toEqual([30, 40, 3])
  const upright = await open({ rendering: { upright: true } })
  expect(upright.photo('train', 1)).toMatchObject({ width: 30, height: 40 })
  expect(await shapeOf(upright)).toEqual([40, 30, 3])
  const srgb = await open({ rendering: { srgb: true } })
  expect((await srgb.read('train', 1)).pixels).not.toEqual((await stored.read('train', 1)).pixels)
  expect(await srgb.read('train', 0)).toEqual(await stored.read('train', 0))
  expect(new Set([stored, upright, srgb].map(({ digest }) => digest)).size).toBe(3)
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
    'an SVG named .JPEG',
    (root) =>
      writeFile(
        path.join(root, 'val/n002/drawn.JPEG'),
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      ),
    /E_DATASET_CORRUPT.*drawn\.JPEG cannot be decoded \(it is no JPEG, PNG, WebP, AVIF, TIFF or GIF\)/,
  ],
  [
    'a link to nothing',
    (root) => symlink(path.join(root, 'gone.JPEG'), path.join(root, 'val/n002/link.JPEG')),
    /E_DATASET_CORRUPT.*link\.JPEG is a link to nothing/,
  ],
  [
    'a folder named .JPEG',
    (root) => mkdir(path.join(root, 'val/n002/zz.JPEG')),
    /E_DATASET_CORRUPT.*zz\.JPEG is a folder, not a file/,
  ],
  [
    'a named pipe called .JPEG',
    async (root) => execFileSync('mkfifo', [path.join(root, 'val/n002/pipe.JPEG')]),
    /E_DATASET_CORRUPT.*pipe\.JPEG is a named pipe, not a file/,
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

test("onBadImage 'skip' leaves out what is no file at all, the second time too", async () => {
  const { open } = await prepare(async (root) => {
    await symlink(path.join(root, 'gone.JPEG'), path.join(root, 'val/n002/link.JPEG'))
    await mkdir(path.join(root, 'val/n002/zz.JPEG'))
    execFileSync('mkfifo', [path.join(root, 'train/n001/pipe.JPEG')])
  })
  for (const _ of ['first', 'again']) {
    const { skipped, size } = await open({ onBadImage: 'skip' })
    expect(skipped).toEqual(['train/n001/pipe.JPEG', 'val/n002/link.JPEG', 'val/n002/zz.JPEG'])
    expect([size('train'), size('valid')]).toEqual([5, 3])
  }
})

test('folders that file managers and archivers leave are no classes', async () => {
  const { open } = await prepare(async (root) => {
    await mkdir(path.join(root, 'train/@eaDir/train_n001_0.JPEG'), { recursive: true })
    await mkdir(path.join(root, 'train/n001/@eaDir/train_n001_0.JPEG'), { recursive: true })
    await mkdir(path.join(root, 'val/__MACOSX'))
    await writeFile(path.join(root, 'val/__MACOSX/._val_n001_0.JPEG'), 'a resource fork')
  })
  expect((await open()).size('train')).toBe(5)
})

// Permissions do not count for the superuser, but a link to itself cannot be followed by anybody.
test('what cannot be read is told as such, also where bad images are left out', async () => {
  const { root, open, files } = await prepare()
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  expect(describeImageError(unreadable(path.join(root, files[0]!), denied))).toMatchObject({
    code: 'E_DATASET_READ',
    what: `${path.join(root, files[0]!)} cannot be read (permission denied).`,
  })
  const dataset = await open()
  await rm(dataset.photo('train', 0).path)
  await expect(dataset.read('train', 0)).rejects.toThrow(/E_DATASET_READ.*JPEG cannot be read \(it is gone\)/)
  await symlink('loop.JPEG', path.join(root, 'train/n001/loop.JPEG'))
  await expect(open({ onBadImage: 'skip' })).rejects.toThrow(/E_DATASET_READ.*loop\.JPEG cannot be read/)
  await rm(path.join(root, 'train/n001'), { recursive: true })
  await symlink('n001', path.join(root, 'train/n001'))
  await expect(open({ onBadImage: 'skip' })).rejects.toThrow(/E_DATASET_READ.*The folder .*n001 cannot be read/)
})

test('an index that was edited, and a photo of the same size and date in the place of another, are read anew', async () => {
  const { root, files, open, options } = await prepare()
  const photo = path.join(root, files[0]!)
  const date = new Date('2020-02-02')
  await utimes(photo, date, date)
  const { digest } = await open()
  const place = path.join(options.cache, (await readdir(options.cache))[0]!)
  const index = await readFile(place, 'utf8')
  const edited = index.replace('"width":45', '"width":44')
  expect(edited).not.toBe(index)
  await writeFile(place, edited)
  const opened = await open()
  expect(opened.photo('train', 2).width).toBe(45)

  const bytes = await readFile(photo)
  const other = Buffer.from(bytes)
  other[other.length - 3]! ^= 1
  await writeFile(photo, other)
  await utimes(photo, date, date)
  expect((await open()).digest).not.toBe(digest)
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
