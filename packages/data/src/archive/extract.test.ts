import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { createRng } from '@tricklab/core'
import { expect, onTestFinished, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { packTar, type TarEntry, writeTarFile } from '../../test/tar-file.ts'
import { extractArchive } from './extract.ts'

const limitBytes = 1_000_000

async function prepare(entries: readonly TarEntry[]) {
  const folder = await createFolder()
  const archive = path.join(folder, 'photos.tgz')
  await writeTarFile(archive, entries)
  return { folder, archive, target: path.join(folder, 'out') }
}

/** Refused, and nothing beside the archive. */
async function expectRefusal(entries: readonly TarEntry[], message: RegExp): Promise<void> {
  const { folder, archive, target } = await prepare(entries)
  await expect(extractArchive(archive, target, { limitBytes })).rejects.toThrow(message)
  expect(await readdir(folder)).toEqual(['photos.tgz'])
}

test('unpacks files and folders, large ones in pieces', async () => {
  const stream = createRng(3).at('bytes')
  const large = Uint8Array.from({ length: 700_000 }, () => stream.integer(256))
  const { folder, archive, target } = await prepare([
    { name: 'set/', type: '5' },
    { name: 'set/train/a.txt', content: 'a' },
    { name: './set/empty' },
    { name: 'set/large', content: large },
  ])
  const progress: number[] = []
  await extractArchive(archive, target, { limitBytes, onProgress: (done) => progress.push(done) })
  expect(await readFile(path.join(target, 'set/train/a.txt'), 'utf8')).toBe('a')
  expect(await readFile(path.join(target, 'set/empty'), 'utf8')).toBe('')
  expect(Buffer.compare(await readFile(path.join(target, 'set/large')), Buffer.from(large))).toBe(0)
  expect(progress.at(-1)).toBeGreaterThan(700_000)
  expect((await readdir(folder)).sort()).toEqual(['out', 'photos.tgz'])
})

const good: TarEntry = { name: 'set/good', content: 'good' }
test.each<[string, TarEntry, RegExp]>([
  ['a path above', { name: 'set/../../evil', content: 'x' }, /E_DATASET_CORRUPT.*photos\.tgz.*evil.*leaves its folder/],
  ['an absolute path', { name: '/tmp/evil', content: 'x' }, /leaves its folder/],
  ['a Windows path', { name: 'C:\\evil', content: 'x' }, /leaves its folder/],
  ['a path above in Windows manner', { name: 'set\\..\\..\\evil', content: 'x' }, /leaves its folder/],
  ['a symbolic link', { name: 'set/link', type: '2', link: '/etc' }, /holds set\/link, a SymbolicLink/],
  ['a hard link', { name: 'set/link', type: '1', link: 'set/good' }, /holds set\/link, a Link/],
  ['a device', { name: 'set/device', type: '3' }, /holds set\/device, a CharacterDevice/],
  ['a file twice', good, /holds set\/good twice/],
  ['too many bytes', { name: 'set/large', content: new Uint8Array(1_000_001) }, /holds more than it may/],
])('%s is refused by name and nothing is kept', (_name, entry, message) => expectRefusal([good, entry], message))

test('an archive cut short is refused, and nothing is kept', async () => {
  const { folder, archive, target } = await prepare([good])
  const stream = createRng(4).at('noise')
  const content = Uint8Array.from({ length: 300_000 }, () => stream.integer(256))
  const whole = gzipSync(packTar([good, { name: 'set/large', content }]))
  for (const length of [10, 2000, whole.length - 9]) {
    await writeFile(archive, whole.subarray(0, length))
    await expect(extractArchive(archive, target, { limitBytes })).rejects.toThrow(
      /E_DATASET_CORRUPT.*cannot be unpacked/,
    )
    expect(await readdir(folder)).toEqual(['photos.tgz'])
  }
})

test('a tar cut short inside a whole gzip is refused wherever it was cut, between two files too', async () => {
  const { folder, archive, target } = await prepare([good])
  const whole = packTar([good, { name: 'set/large', content: new Uint8Array(1500) }, { name: 'set/', type: '5' }])
  // Two blocks of zeros are its end, of which one will do.
  for (let length = 0; length < whole.length - 512; length += 256) {
    await writeFile(archive, gzipSync(whole.subarray(0, length)))
    const unpacking = extractArchive(archive, target, { limitBytes })
    await expect(unpacking, `${length} of ${whole.length} bytes`).rejects.toThrow(
      /E_DATASET_CORRUPT.*cannot be unpacked/,
    )
    expect(await readdir(folder)).toEqual(['photos.tgz'])
  }
  await writeFile(archive, gzipSync(whole.subarray(0, whole.length - 512)))
  await extractArchive(archive, target, { limitBytes })
})

test('stopping leaves nothing behind', async () => {
  const { folder, archive, target } = await prepare([good])
  const signal = AbortSignal.abort()
  await expect(extractArchive(archive, target, { limitBytes, signal })).rejects.toThrow(/E_INTERRUPTED/)
  expect(await readdir(folder)).toEqual(['photos.tgz'])
})

test('a disk that fills up gives one clear error and leaves nothing behind', async ({ skip }) => {
  const stream = createRng(5).at('noise')
  const content = Uint8Array.from({ length: 900_000 }, () => stream.integer(256))
  const { folder, archive } = await prepare([
    { name: 'set/a', content },
    { name: 'set/b', content },
  ])
  const small = path.join(folder, 'small')
  await mkdir(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    return skip('mounting a small file system needs root')
  }
  onTestFinished(() => {
    execFileSync('umount', [small])
  })
  const unpacking = extractArchive(archive, path.join(small, 'out'), { limitBytes: 5_000_000 })
  await expect(unpacking).rejects.toThrow(/E_CACHE_WRITE.*ENOSPC/)
  expect(await readdir(small)).toEqual([])
})
