import { createHash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { createRegistry } from '@tricklab/core'
import { expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { serve, startServer } from '../../test/server.ts'
import { packTar } from '../../test/tar-file.ts'
import { filePlaces, findFiles } from '../files/find.ts'
import { readFiles } from '../files/read.ts'
import { data } from '../index.ts'
import { type CifarSet, createCifarDataset } from './dataset.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A record: labels, then the planes; byte i of plane c is (i + 50 c + shift) mod 256. */
const record = (labels: readonly number[], shift: number) =>
  Uint8Array.from([
    ...labels,
    ...[0, 1, 2].flatMap((channel) => Array.from({ length: 1024 }, (_, i) => (i + 50 * channel + shift) & 255)),
  ])

/** A set in the binary format with an archive in the layout of the published one. */
function createSet(labelBytes: 1 | 2, contents: Readonly<Record<string, Uint8Array>>) {
  const names = Object.keys(contents)
  const archive = gzipSync(packTar(names.map((name) => ({ name: `inner/${name}`, content: contents[name]! }))))
  const set: CifarSet = {
    name: 'small',
    title: 'Small',
    classes: ['a', 'b', 'c'],
    labelBytes,
    archive: { name: 'small-binary.tar.gz', bytes: archive.length, sha256: sha256(archive) },
    files: names.map((name) => ({
      name,
      split: name === 'test.bin' ? 'valid' : 'train',
      bytes: contents[name]!.length,
      sha256: sha256(contents[name]!),
    })),
    mirrors: ['https://nowhere.example/'],
    layouts: ['inner'],
  }
  return { set, archive, contents }
}

const ten = () =>
  createSet(1, {
    'batch_1.bin': Buffer.concat([record([2], 0), record([0], 9)]),
    'batch_2.bin': record([1], 7),
    'test.bin': record([1], 3),
  })
const hundred = () => createSet(2, { 'train.bin': record([9, 2], 0), 'test.bin': record([8, 0], 3) })

async function places(set: CifarSet) {
  const root = await createFolder()
  const progress: unknown[] = []
  const context = {
    dataPaths: [path.join(root, 'data')],
    log: () => {},
    onProgress: (event: unknown) => progress.push(event),
  }
  await mkdir(path.join(root, 'data'))
  const found = filePlaces(set, context, { TRICKLAB_CACHE: path.join(root, 'cache'), TRICKLAB_OFFLINE: '1' })
  return { root, progress, places: found, given: path.join(root, 'data') }
}

const contentsOf = (contents: Readonly<Record<string, Uint8Array>>) => new Map(Object.entries(contents))

test('planes become pixels; batches follow each other; of two labels the fine one counts', () => {
  const { set, contents } = ten()
  const dataset = createCifarDataset(set, contentsOf(contents))
  expect([dataset.size('train'), dataset.size('valid')]).toEqual([3, 1])
  expect([0, 1, 2].map((index) => dataset.readSync!('train', index).label)).toEqual([2, 0, 1])
  const { pixels, shape } = dataset.readSync!('train', 1)
  expect(shape).toEqual([32, 32, 3])
  // Pixel 40 is in row 1, column 8: byte 40 of each plane.
  expect([...pixels.subarray(120, 123)]).toEqual([49, 99, 149])
  expect([...pixels.subarray(3069)]).toEqual([(1023 + 9) & 255, (1023 + 59) & 255, (1023 + 109) & 255])
  const fine = hundred()
  expect(createCifarDataset(fine.set, contentsOf(fine.contents)).readSync!('train', 0).label).toBe(2)
})

test('the archive in --data is verified and unpacked into the cache; unpacked files serve as well', async () => {
  const { set, archive, contents } = ten()
  const one = await places(set)
  await writeFile(path.join(one.given, 'small-binary.tar.gz'), archive)
  const found = await findFiles(set, one.places)
  expect(path.dirname(found.get('test.bin')!)).toBe(path.join(one.places.cache, 'small-binary/inner'))
  expect(one.progress.at(-1)).toMatchObject({ what: 'small-binary.tar.gz: unpack', total: archive.length })
  // The archive itself may be named, and the cache is enough from now on.
  expect(await findFiles(set, { ...one.places, dataPaths: [] })).toEqual(found)
  const two = await places(set)
  await writeFile(path.join(two.root, 'small-binary.tar.gz'), archive)
  const named = { ...two.places, dataPaths: [path.join(two.root, 'small-binary.tar.gz')] }
  expect([...(await findFiles(set, named)).keys()]).toEqual(Object.keys(contents))

  const three = await places(set)
  await mkdir(path.join(three.given, 'small/inner'), { recursive: true })
  for (const [name, bytes] of Object.entries(contents))
    await writeFile(path.join(three.given, 'small/inner', name), bytes)
  expect(path.dirname((await findFiles(set, three.places)).get('test.bin')!)).toBe(
    path.join(three.given, 'small/inner'),
  )
  await expect(readdir(three.places.cache)).rejects.toThrow('ENOENT')
})

test('a download is verified, unpacked and deleted', async () => {
  const { set, archive } = hundred()
  const server = await startServer((request, response) => serve(request, response, archive))
  const { places: offline } = await places(set)
  const found = await findFiles(set, { ...offline, offline: false, mirrors: [server.url] })
  expect(server.requests.map(({ url }) => url)).toEqual(['/small-binary.tar.gz'])
  expect([...found.keys()]).toEqual(['train.bin', 'test.bin'])
  expect(await readdir(offline.cache)).toEqual(['small-binary'])
})

test('an altered archive, an altered file, a label without a class and a cut record are refused', async () => {
  const { set, archive, contents } = ten()
  const one = await places(set)
  const altered = Buffer.from(archive)
  altered[20]! ^= 1
  await writeFile(path.join(one.given, 'small-binary.tar.gz'), altered)
  await expect(findFiles(set, one.places)).rejects.toThrow(/E_DATASET_CORRUPT.*not the published archive.*sha256/s)

  const two = await places(set)
  vi.stubEnv('TRICKLAB_CACHE', path.join(two.root, 'cache'))
  vi.stubEnv('TRICKLAB_OFFLINE', '1')
  for (const [name, bytes] of Object.entries(contents)) await writeFile(path.join(two.given, name), bytes)
  await writeFile(path.join(two.given, 'test.bin'), record([1], 4))
  const context = { dataPaths: [two.given], log: () => {}, onProgress: () => {} }
  await expect(readFiles(set, context as never)).rejects.toThrow(/E_DATASET_CORRUPT.*is not the test\.bin of Small/s)
  vi.unstubAllEnvs()

  const wrong = (change: Record<string, Uint8Array>) => () =>
    createCifarDataset(set, contentsOf({ ...contents, ...change }))
  expect(wrong({ 'test.bin': record([3], 0) })).toThrow(/E_DATASET_CORRUPT.*Label 0 of the valid split has no class/s)
  expect(wrong({ 'test.bin': record([1], 0).subarray(0, 3000) })).toThrow(/E_DATASET_CORRUPT.*ends within a record/s)
})

test('the published sets are 50,000 and 10,000 images of 32 × 32', () => {
  const registry = createRegistry([data])
  for (const [name, classes] of [
    ['cifar10', 10],
    ['cifar100', 100],
  ] as const) {
    const facts = registry.facts({ use: name })!
    expect(new Set(facts.classes).size).toBe(classes)
    expect(facts).toMatchObject({
      imageShape: [32, 32, 3],
      contents: { train: 50_000, valid: 10_000, exhaustive: true },
    })
  }
  expect(registry.facts({ use: 'cifar10' })!.classes![9]).toBe('truck')
  expect(registry.facts({ use: 'cifar100' })!.classes!.slice(50, 53)).toEqual(['mouse', 'mushroom', 'oak_tree'])
  expect(registry.facts({ use: 'mnist' })).toMatchObject({
    imageShape: [28, 28, 1],
    contents: { train: 60_000, valid: 10_000 },
  })
})
