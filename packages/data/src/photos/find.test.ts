import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { smallFamily, tarEntries, writePhotos } from '../../test/photos.ts'
import { serve, startServer } from '../../test/server.ts'
import { writeTarFile } from '../../test/tar-file.ts'
import type { ArchiveBuild } from './archives.ts'
import { type FindPhotosOptions, findPhotos } from './find.ts'

/** A folder `given` with `small2-160.tgz`, known as an official archive. */
async function prepare() {
  const folder = await createFolder()
  const files = await writePhotos(path.join(folder, 'photos'))
  const given = path.join(folder, 'given')
  await mkdir(given)
  const archive = path.join(given, 'small2-160.tgz')
  await writeTarFile(archive, await tarEntries(path.join(folder, 'photos'), files, 'small2-160'))
  const content = await readFile(archive)
  const build: ArchiveBuild = {
    bytes: content.length,
    headMd5: createHash('md5').update(content).digest('hex'),
    sha256: createHash('sha256').update(content).digest('hex'),
  }
  const logs: string[] = []
  const options: FindPhotosOptions = {
    family: 'small2',
    classes: smallFamily.classes,
    archive: '160',
    dataPaths: [given],
    cache: path.join(folder, 'cache'),
    mirrors: [],
    builds: { small2: [], 'small2-320': [], 'small2-160': [build] },
    offline: true,
    log: (message) => logs.push(message),
    onProgress: () => {},
  }
  return { folder, given, archive, content, build, options, logs }
}

test('an official archive is verified and unpacked once', async () => {
  const { options, logs, archive } = await prepare()
  const { root, origin } = await findPhotos(options)
  expect(root).toBe(path.join(options.cache, 'small2-160', 'small2-160'))
  expect(origin).toEqual({ found: 'small2-160.tgz', archive: 'small2-160', unproven: false, wanted: 'small2-160' })
  expect(await readdir(root)).toEqual(['train', 'val'])
  await rm(archive)
  logs.length = 0
  expect((await findPhotos(options)).root).toBe(root)
  expect(logs.join()).not.toContain('unpacking')
})

test('an altered official archive is refused', async () => {
  const { options, archive, content } = await prepare()
  const altered = Buffer.from(content)
  altered[altered.length - 9]! ^= 1
  await writeFile(archive, altered)
  await expect(findPhotos(options)).rejects.toThrow(/E_DATASET_CORRUPT.*small2-160\.tgz is not the published archive/)
  await writeFile(archive, content.subarray(0, 100))
  await expect(findPhotos(options)).rejects.toThrow(/Received: 100 bytes/)
})

test('a re-encoded archive is used and noted; an official one of another size only when passed itself', async () => {
  const { options, given, archive } = await prepare()
  await expect(findPhotos({ ...options, archive: '320' })).rejects.toThrow(
    /E_DATASET_MISSING[\s\S]*small2-160\.tgz would be used if passed itself/,
  )
  const passed = await findPhotos({ ...options, archive: '320', dataPaths: [archive] })
  expect(passed.origin).toEqual({
    found: 'small2-160.tgz',
    archive: 'small2-160',
    unproven: false,
    wanted: 'small2-320',
  })
  await rename(archive, path.join(given, 'small2-99.tgz'))
  const { origin, root } = await findPhotos({ ...options, archive: '320' })
  expect(origin).toEqual({ found: 'small2-99.tgz', wanted: 'small2-320' })
  expect(path.basename(root)).toBe('small2-160')
})

test('an extracted folder is used as it is, passed itself or in a folder', async () => {
  const { options, folder, given } = await prepare()
  for (const [place, at] of [
    ['small2', path.join(folder, 'x')],
    ['small2-160', given],
  ] as const) {
    const root = path.join(at, place)
    await writePhotos(root)
    expect((await findPhotos({ ...options, dataPaths: [root] })).root).toBe(root)
    const found = await findPhotos({ ...options, archive: place === 'small2' ? 'full' : '160', dataPaths: [at] })
    expect(found.root).toBe(root)
    expect(found.origin).toEqual({ found: `the folder ${place}`, wanted: place })
  }
})

/** Folders with photos in them, and the one that is taken. */
async function findAmong(names: readonly string[], more?: (at: string) => Promise<unknown>) {
  const { options, given, archive, logs } = await prepare()
  await rm(archive)
  for (const name of names) await writePhotos(path.join(given, name))
  await more?.(given)
  const found = await findPhotos({ ...options, archive: 'full' }).catch((error: Error) => error.message)
  return { given, logs, found: typeof found === 'string' ? found : path.relative(given, found.root) }
}

/** Photos of other classes. */
async function writeOthers(at: string): Promise<void> {
  for (const part of ['train', 'val']) await mkdir(path.join(at, part, 'n555'), { recursive: true })
}

test.each([
  [['a-copy', 'small2-99', 'small2'], 'small2'],
  [['a-copy', 'small2-99'], 'small2-99'],
  [['a-copy'], 'a-copy'],
  [['small2-320'], 'small2-320'],
])(
  'of the folders %j the one that the recipe names is taken, then a re-encoded one, then the only one',
  async (names, wanted) => {
    expect((await findAmong(names)).found).toBe(wanted)
  },
)

test('photos of other classes are passed over, whatever they are called, and named where nothing else is there', async () => {
  const beside = await findAmong(['small2-320'], (at) => writeOthers(path.join(at, 'other2-224')))
  expect(beside.found).toBe('small2-320')
  const named = await findAmong(['small2-99'], (at) => writeOthers(path.join(at, 'small2')))
  expect(named.found).toBe('small2-99')
  const { found } = await findAmong([], async (at) => {
    await writeOthers(path.join(at, 'other2-224'))
    await writeOthers(path.join(at, 'small2'))
  })
  expect(found).toMatch(
    /E_DATASET_MISSING[\s\S]*small2: holds other photos than small2, other2-224: holds other photos/,
  )
  const { found: itself } = await findAmong([], writeOthers)
  expect(itself).toMatch(/E_DATASET_MISSING[\s\S]*given: holds other photos than small2/)
})

test('of several folders without the name asked for none is guessed', async () => {
  const { found } = await findAmong(['a-copy', 'small2-320'])
  expect(found).toMatch(/E_DATASET_MISSING[\s\S]*a-copy, small2-320 would be used if passed itself/)
})

test('a link to a folder is followed where a folder is', async () => {
  const { found } = await findAmong([], async (at) => {
    await writePhotos(path.join(at, '..', 'elsewhere', 'photos'))
    await symlink(path.join(at, '..', 'elsewhere'), path.join(at, 'linked'))
    await symlink(path.join(at, 'nowhere'), path.join(at, 'small2-77'))
  })
  expect(found).toBe('linked/photos')
  const direct = await findAmong([], async (at) => {
    await writePhotos(path.join(at, '..', 'photos'))
    await symlink(path.join(at, '..', 'photos'), path.join(at, 'linked'))
  })
  expect(direct.found).toBe('linked')
})

test('a download is verified, unpacked and deleted; another build of the server is asked for', async () => {
  const { options, content, build } = await prepare()
  const server = await startServer((request, response) => serve(request, response, content))
  const newer = { ...build, bytes: build.bytes + 5 }
  const { root, origin } = await findPhotos({
    ...options,
    dataPaths: [],
    offline: false,
    mirrors: [server.url],
    builds: { 'small2-160': [newer, { bytes: build.bytes, headMd5: build.headMd5 }] },
  })
  expect(await readdir(root)).toEqual(['train', 'val'])
  expect(await readdir(path.join(options.cache, 'downloads'))).toEqual([])
  // Of the build that was sent no SHA-256 is known here.
  expect(origin).toMatchObject({ archive: 'small2-160', unproven: true })
})

test('offline without data gives one error with every place', async () => {
  const { options, folder } = await prepare()
  const finding = findPhotos({ ...options, dataPaths: [path.join(folder, 'nowhere')] })
  await expect(finding).rejects.toThrow(/E_DATASET_MISSING[\s\S]*nowhere: no such file[\s\S]*TRICKLAB_OFFLINE is set/)
})
