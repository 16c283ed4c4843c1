import { mkdir, readdir, rm, utimes } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { openDecodedStore } from './decoded-store.ts'
import { readStored, writeStored } from './store-file.ts'

const pixels = { data: Uint8Array.of(1, 2, 3), width: 1, height: 1 }

test('what cannot be written is counted, told once, and decoded by whoever wants it', async () => {
  const folder = path.join(await createFolder(), 'decoded')
  const notices: string[] = []
  const options = { folder, limitBytes: 1e6, notice: (message: string) => notices.push(message) }
  const store = (await openDecodedStore([{ content: 'a', width: 1, height: 1 }], options))!
  await rm(folder, { recursive: true })
  writeStored(store.shared, store.place(0), pixels)
  writeStored(store.shared, store.place(0), pixels)
  expect(readStored(store.shared, store.place(0))).toBeUndefined()
  await store.save()
  await store.save()
  expect(notices).toEqual([expect.stringMatching(/^2 decoded images could not be written to .*\.images/)])

  await mkdir(folder)
  const again = (await openDecodedStore([{ content: 'a', width: 1, height: 1 }], options))!
  writeStored(again.shared, again.place(0), pixels)
  expect(readStored(again.shared, again.place(0))).toEqual(pixels)
})

test('one file serves the same images in any order and split, equal ones in one place', async () => {
  const folder = await createFolder()
  const options = { folder, limitBytes: 1e6, notice: () => {} }
  const image = (content: string, width: number) => ({ content, width, height: 1 })
  const images = [image('b', 2), image('a', 1), image('c', 3), image('a', 1)]
  const store = (await openDecodedStore(images, options))!
  const drawn = images.map(({ content, width }) => ({
    data: new Uint8Array(3 * width).fill(content.charCodeAt(0)),
    width,
    height: 1,
  }))
  for (const [index, picture] of drawn.entries()) writeStored(store.shared, store.place(index), picture)
  expect(store.place(3)).toEqual(store.place(1))
  await store.save()

  const split = (await openDecodedStore([images[2]!, images[1]!, images[0]!], options))!
  expect(split.shared.path).toBe(store.shared.path)
  expect([0, 1, 2].map((index) => readStored(split.shared, split.place(index)))).toEqual([drawn[2], drawn[1], drawn[0]])
  // Another size to decode to is another image.
  const smaller = (await openDecodedStore([image('b', 1), image('a', 1), image('c', 3)], options))!
  expect(smaller.shared.path).not.toBe(store.shared.path)
})

test('files used longest ago are removed where all would exceed the limit, but none that may be in use', async () => {
  const folder = await createFolder()
  const side = 64
  const full = { data: new Uint8Array(3 * side * side).fill(7), width: side, height: side }
  const openStore = async (content: string, limitBytes = 1e6) => {
    const images = [{ content, width: side, height: side }]
    const store = (await openDecodedStore(images, { folder, limitBytes, notice: () => {} }))!
    writeStored(store.shared, store.place(0), full)
    await store.save()
    return path.basename(store.shared.path, '.images')
  }
  const names: string[] = []
  for (const hoursAgo of [4, 2, 3, 0]) {
    const name = await openStore(`${hoursAgo}`)
    const at = new Date(Date.now() - hoursAgo * 3_600_000)
    await utimes(path.join(folder, `${name}.images`), at, at)
    names.push(name)
  }
  const [, two, three, now] = names as [string, string, string, string]
  const left = async () => (await readdir(folder)).map((file) => path.parse(file)).filter(({ ext }) => ext === '.table')
  const stay = async (...kept: string[]) => expect((await left()).map(({ name }) => name).sort()).toEqual(kept.sort())
  // Each takes 12 KiB. There is room for the new one and three others.
  const fifth = await openStore('5', 4.5 * 12_288)
  await stay(two, three, now, fifth)
  // Opening marks as used.
  await openStore('3')
  const sixth = await openStore('6', 12_288)
  await stay(three, now, fifth, sixth)
})
