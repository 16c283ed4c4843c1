import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TricklabError } from '@tricklab/core'
import { expect, test } from 'vitest'
import { installFakeApt } from '../../test/fake-apt.ts'
import { createFolder } from '../../test/folder.ts'
import { serve, startServer } from '../../test/server.ts'
import { createSmallMnist, type SmallFile, writeFiles } from '../../test/small-mnist.ts'
import type { FileSet } from './file-set.ts'
import { type FilePlaces, filePlaces, findFiles } from './find.ts'

const files = createSmallMnist()
const set: FileSet = {
  name: 'fashion-mnist',
  title: 'FashionMNIST',
  files,
  mirrors: ['http://first.example/', 'https://second.example/'],
  layouts: ['FashionMNIST/raw', 'raw'],
  debian: { name: 'fake-package', folder: '/usr/share/fake' },
}
// Packages are built and unpacked by Debian's own tool.
const noDpkg = spawnSync('dpkg-deb', ['--version']).status !== 0

test('cache, --data, distribution: the first that has all four files wins', async () => {
  const { options, root } = await createPlaces()
  const [data, distribution] = [path.join(root, 'data'), path.join(root, 'distribution')]
  await writeFiles(distribution, files)
  expect(await folderOf(options)).toBe(distribution)
  await writeFiles(data, files)
  expect(await folderOf(options)).toBe(data)
  await writeFiles(options.cache, files.slice(0, 3))
  expect(await folderOf(options)).toBe(data)
  await writeFiles(options.cache, files)
  expect(await folderOf(options)).toBe(options.cache)
})

test('--data may be the folder above, and as torchvision lays it out, unpacked or not', async () => {
  for (const layout of ['.', 'fashion-mnist', 'FashionMNIST/raw', 'raw']) {
    for (const packed of [true, false]) {
      const { options, root } = await createPlaces()
      await writeFiles(path.join(root, 'data', layout), files, packed)
      expect(await folderOf(options)).toBe(path.join(root, 'data', layout))
    }
  }
})

test('several --data folders are asked in turn, and a useless one is mentioned', async () => {
  const { options, root, lines } = await createPlaces()
  const [first, second] = [path.join(root, 'first'), path.join(root, 'second')]
  await writeFiles(second, files)
  expect(await folderOf({ ...options, dataPaths: [first, second] })).toBe(second)
  expect(lines).toEqual([`fashion-mnist: not in --data ${first} (no such folder); looking further`])
})

test('when all fails the error lists every place, why each failed, and one command', async () => {
  const { options, root } = await createPlaces()
  await writeFile(path.join(root, 'data'), 'a file')
  await writeFiles(path.join(root, 'distribution'), files.slice(0, 2))
  await installFakeApt('echo "E: Unable to fetch some archives" >&2; exit 100')
  const absent = await startServer((_request, response) => response.writeHead(404).end())
  const failure = await failureOf({ ...options, offline: false, mirrors: [absent.url] })
  expect(failure.code).toBe('E_DATASET_MISSING')
  expect(failure.exitCode).toBe(2)
  const listed = failure.message.split('\n').map((line) => line.trim())
  expect(listed.slice(1, 6)).toEqual([
    `1. the cache ${options.cache}: no such folder`,
    `2. --data ${path.join(root, 'data')}: not a folder`,
    `3. the distribution's folder ${options.distribution}: lacks t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz`,
    `4. the public mirrors: ${absent.url} (HTTP 404 Not Found)`,
    "5. Debian's package fake-package: E: Unable to fetch some archives",
  ])
  expect(listed[6]).toMatch(/^Fix: curl -fL --create-dirs --output-dir "\S+" -O "https:\S+gz"/)
})

test('the command is apt-get update when apt does not know the package', async () => {
  const { options } = await createPlaces()
  await installFakeApt('echo "E: Unable to locate package fake-package" >&2; exit 100')
  const failure = await failureOf({ ...options, offline: false })
  expect(failure.message).toMatch(/Fix: sudo apt-get update/)
})

test('TRICKLAB_OFFLINE asks nobody and says so', async () => {
  const { options } = await createPlaces()
  const server = await startServer((request, response) => serve(request, response, files[0]!.gz))
  const failure = await failureOf({ ...options, mirrors: [server.url] })
  expect(failure.message).toMatch(/4\. the public mirrors: not asked, because TRICKLAB_OFFLINE is set/)
  expect(failure.message).toMatch(/Fix: run again without TRICKLAB_OFFLINE/)
  expect(server.requests).toHaveLength(0)
})

test('a download fills the cache; what is there already is not fetched again', async () => {
  const { options, progress } = await createPlaces()
  await writeFiles(options.cache, files.slice(0, 1))
  const server = await startServer((request, response) =>
    serve(request, response, files.find(({ name }) => request.url === `/${name}.gz`)!.gz),
  )
  const paths = await findFiles(set, { ...options, offline: false, mirrors: [server.url] })
  expect(server.requests.map(({ url }) => url)).toEqual(files.slice(1).map(({ name }) => `/${name}.gz`))
  expect((await readdir(options.cache)).sort()).toEqual(files.map(({ name }) => `${name}.gz`).sort())
  for (const { name, gz } of files) expect(await readFile(paths.get(name)!)).toEqual(Buffer.from(gz))
  const total = files.slice(1).reduce((sum, { gz }) => sum + gz.length, 0)
  expect(progress.at(-1)).toEqual({ what: 'fashion-mnist: download', done: total, total })
})

test('an unwritable cache matters only when something must be written', async () => {
  const { options, root } = await createPlaces()
  await writeFile(path.join(root, 'file'), '')
  const blocked = { ...options, cache: path.join(root, 'file', 'fashion-mnist'), offline: false }
  expect((await failureOf(blocked)).code).toBe('E_CACHE_WRITE')
  await writeFiles(path.join(root, 'data'), files)
  expect(await folderOf(blocked)).toBe(path.join(root, 'data'))
})

test.skipIf(noDpkg)("Debian's files are verified before they enter the cache", async () => {
  const { options, progress } = await createPlaces()
  await installFakeApt(fakeDownload(await buildPackage(files)))
  const paths = await findFiles(set, { ...options, offline: false })
  expect(path.dirname([...paths.values()][0]!)).toBe(options.cache)
  expect((await readdir(options.cache)).sort()).toEqual(files.map(({ name }) => `${name}.gz`).sort())
  expect(progress.at(-1)).toMatchObject({ what: "fashion-mnist: Debian's package", total: 1234 })

  const other = await createPlaces()
  const altered = files.map((file, index) => (index === 2 ? { ...file, gz: files[0]!.gz } : file))
  await installFakeApt(fakeDownload(await buildPackage(altered)))
  const failure = await failureOf({ ...other.options, offline: false })
  expect(failure.message).toMatch(/5\. Debian's package fake-package: \[E_DATASET_CORRUPT\] .*t10k-images/)
  expect(await readdir(other.options.cache)).not.toContain('t10k-images-idx3-ubyte.gz')
})

test('TRICKLAB_DATA counts as --data, after it', () => {
  const context = { dataPaths: ['given'], log: () => {}, onProgress: () => {} }
  const { dataPaths, cache, offline } = filePlaces(set, context, {
    TRICKLAB_DATA: ['one', 'two', 'given'].join(path.delimiter),
    TRICKLAB_CACHE: 'cache',
    TRICKLAB_OFFLINE: '1',
  })
  expect(dataPaths).toEqual(['given', 'one', 'two'].map((folder) => path.resolve(folder)))
  expect(cache).toBe(path.resolve('cache', 'fashion-mnist'))
  expect(offline).toBe(true)
  expect(filePlaces(set, context, {}).offline).toBe(false)
  expect(filePlaces(set, context, {}).dataPaths).toEqual([path.resolve('given')])
})

async function createPlaces() {
  const root = await createFolder()
  const lines: string[] = []
  const progress: unknown[] = []
  const options: FilePlaces = {
    dataPaths: [path.join(root, 'data')],
    cache: path.join(root, 'cache', 'fashion-mnist'),
    distribution: path.join(root, 'distribution'),
    mirrors: [],
    offline: true,
    log: (line) => lines.push(line),
    onProgress: (event) => progress.push(event),
  }
  return { options, root, lines, progress }
}

async function folderOf(options: FilePlaces): Promise<string> {
  const folders = [...(await findFiles(set, options)).values()].map((file) => path.dirname(file))
  expect(new Set(folders).size).toBe(1)
  return folders[0]!
}

async function failureOf(options: FilePlaces): Promise<TricklabError> {
  return findFiles(set, options).then(
    () => expect.unreachable('it was found'),
    (error: TricklabError) => error,
  )
}

/** A Debian package that holds the files where the distribution would put them. */
async function buildPackage(contents: readonly SmallFile[]): Promise<string> {
  const tree = await createFolder()
  await writeFiles(path.join(tree, set.debian!.folder), contents)
  await mkdir(path.join(tree, 'DEBIAN'))
  const control = [
    'Package: fake-package',
    'Version: 1',
    'Architecture: all',
    'Maintainer: nobody',
    'Description: test',
  ]
  await writeFile(path.join(tree, 'DEBIAN', 'control'), `${control.join('\n')}\n`)
  const file = path.join(await createFolder(), 'fake.deb')
  const built = spawnSync('dpkg-deb', ['--build', tree, file], { encoding: 'utf8' })
  expect(built.status, built.stderr).toBe(0)
  return file
}

function fakeDownload(file: string): string {
  return `case "$*" in *--print-uris*) echo "'http://host/fake.deb' fake.deb 1234 SHA256:0";; *) cp '${file}' .;; esac`
}
