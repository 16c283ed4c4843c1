import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFileAtomic } from './atomic-file.ts'

const folder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-atomic-'))

test('writes a file, in place of the old one, and leaves nothing else', async () => {
  const file = path.join(folder(), 'a.json')
  await writeFileAtomic(file, ['one'])
  await writeFileAtomic(file, ['t', new Uint8Array([119, 111])])
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(readdirSync(path.dirname(file))).toEqual(['a.json'])
})

test('writes through a link, which stays one', async () => {
  const at = folder()
  writeFileSync(path.join(at, 'file'), 'old')
  symlinkSync('file', path.join(at, 'link'))
  await writeFileAtomic(path.join(at, 'link'), ['new'])
  expect(lstatSync(path.join(at, 'link')).isSymbolicLink()).toBe(true)
  expect(readFileSync(path.join(at, 'file'), 'utf8')).toBe('new')
})

test('names the file that it could not write, and leaves it as it was', async () => {
  const at = folder()
  await expect(writeFileAtomic(at, ['text'])).rejects.toMatchObject({
    code: expect.any(String),
    path: expect.any(String),
  })
  expect(readdirSync(path.dirname(at)).filter((name) => name.startsWith(`${path.basename(at)}.`))).toEqual([])
})

test.skipIf(!existsSync('/dev/full'))('a device is written to, not replaced', async () => {
  await expect(writeFileAtomic('/dev/full', ['text'])).rejects.toMatchObject({ code: 'ENOSPC', path: '/dev/full' })
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  await writeFileAtomic('/dev/null', ['text'])
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})
