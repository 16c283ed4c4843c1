import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeZip } from './test-archives.ts'
import { extractZip } from './zip.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-zip-'))
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
function store(bytes: Buffer): { file: string; out: string } {
  const file = path.join(folder, `archive-${++count}.zip`)
  writeFileSync(file, bytes)
  return { file, out: path.join(folder, `out-${count}`) }
}

const text = Buffer.from('the same line again and again\n'.repeat(5000))

test('packed, stored, empty and nested files come out as they went in; what has no place stays in', async () => {
  const files = [
    { name: 'a/b/packed.txt', data: text },
    { name: 'stored.bin', data: Buffer.from([0, 1, 2, 255]), stored: true },
    { name: 'empty', data: Buffer.alloc(0), stored: true },
    { name: 'folder/', data: Buffer.alloc(0), stored: true },
    { name: 'left-out', data: text },
  ]
  const { file, out } = store(makeZip(files, 'a comment with PK in it'))
  expect(await extractZip(file, out, (name) => (name === 'left-out' ? undefined : `x/${name}`))).toBe(3)
  for (const { name, data } of files.slice(0, 3)) expect(readFileSync(path.join(out, 'x', name))).toEqual(data)
  expect(existsSync(path.join(out, 'x/left-out'))).toBe(false)
})

test('a file cut short is no archive', async () => {
  const { file, out } = store(makeZip([{ name: 'a', data: text }]).subarray(0, 200))
  await expect(extractZip(file, out, (name) => name)).rejects.toThrow(/\[E_ENGINE_INSTALL\].*cut short.*fetch the file/)
})

test('an altered byte is found by the checksum', async () => {
  const bytes = makeZip([{ name: 'a', data: Buffer.from('abcdefgh'), stored: true }])
  bytes.write('X', bytes.indexOf('abcdefgh'))
  const { file, out } = store(bytes)
  await expect(extractZip(file, out, (name) => name)).rejects.toThrow(/the checksum of a is wrong/)
})

test('altered packed data does not unpack', async () => {
  const bytes = makeZip([{ name: 'a', data: text }])
  bytes.fill(0xff, 45, 60)
  const { file, out } = store(bytes)
  await expect(extractZip(file, out, (name) => name)).rejects.toThrow(/\[E_ENGINE_INSTALL\].*\ba\b/)
})

test.each(['../outside', 'a/../../outside', '/outside/of/it'])('%s may not leave the folder', async (name) => {
  const { file, out } = store(makeZip([{ name, data: text }]))
  await expect(extractZip(file, out, (entry) => entry)).rejects.toThrow(/would leave the folder/)
  expect(existsSync(path.join(folder, 'outside'))).toBe(false)
})
