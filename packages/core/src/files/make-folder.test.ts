import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('makes what is missing above, and finds nothing wrong with what is there', () => {
  const deep = path.join(folder, 'a/b/c')
  makeFolder(deep)
  makeFolder(deep)
  expect(existsSync(deep)).toBe(true)
})

test('says what is in the way', () => {
  writeFileSync(path.join(folder, 'file'), '')
  expect(() => makeFolder(path.join(folder, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(path.join(folder, 'file/below'))).toThrow(/ENOTDIR/)
})

test.skipIf(!existsSync('/proc/self'))('returns where a file system takes no folders', () => {
  expect(() => makeFolder('/proc/tricklab/deep/er')).toThrow(/ENOENT|EACCES/)
})
