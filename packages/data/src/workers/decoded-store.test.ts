import { mkdir, rm } from 'node:fs/promises'
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
  const store = (await openDecodedStore('digest', [{ width: 1, height: 1 }], options))!
  await rm(folder, { recursive: true })
  writeStored(store.shared, store.place(0), pixels)
  writeStored(store.shared, store.place(0), pixels)
  expect(readStored(store.shared, store.place(0))).toBeUndefined()
  await store.save()
  await store.save()
  expect(notices).toEqual([expect.stringMatching(/^2 decoded images could not be written to .*\.images/)])

  await mkdir(folder)
  const again = (await openDecodedStore('digest', [{ width: 1, height: 1 }], options))!
  writeStored(again.shared, again.place(0), pixels)
  expect(readStored(again.shared, again.place(0))).toEqual(pixels)
})
