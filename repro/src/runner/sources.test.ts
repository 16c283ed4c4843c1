import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeSources } from './sources.ts'

let folder: string
const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
const put = (name: string, text: string) => writeFileSync(path.join(folder, name), text)

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-sources-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function commit() {
  git('init', '-q')
  put('tracked', 'one')
  put('.gitignore', 'ignored\n')
  git('add', '.')
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'First')
  return git('rev-parse', 'HEAD')
}

test('a clean checkout is its commit; no checkout is neither', () => {
  expect(describeSources(folder)).toEqual({ commit: null, dirty: null })
  const head = commit()
  put('ignored', 'anything')
  expect(describeSources(folder)).toEqual({ commit: head, dirty: null })
  mkdirSync(path.join(folder, 'inner'))
  expect(describeSources(path.join(folder, 'inner'))).toEqual({ commit: head, dirty: null })
})

test('every change of tracked and untracked contents, names and links is another state', () => {
  commit()
  const states = [
    () => put('tracked', 'two'),
    () => put('new', 'one'),
    () => put('new', 'two'),
    () => put('other', 'two'),
    () => symlinkSync('new', path.join(folder, 'link')),
    () => {
      rmSync(path.join(folder, 'link'))
      symlinkSync('other', path.join(folder, 'link'))
    },
  ].map((change) => {
    change()
    return describeSources(folder).dirty
  })
  expect(new Set(states).size).toBe(states.length)
  for (const state of states) expect(state).toMatch(/^[0-9a-f]{64}$/)
  // The same state is the same, whoever asks from where.
  mkdirSync(path.join(folder, 'inner'))
  expect(describeSources(path.join(folder, 'inner')).dirty).toBe(states.at(-1))
})

test.skipIf(process.getuid?.() !== 0)('a checkout of another owner tells its commit', () => {
  const head = commit()
  const give = (place: string) => {
    chownSync(place, 12345, 12345)
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      if (entry.isDirectory()) give(path.join(place, entry.name))
      else chownSync(path.join(place, entry.name), 12345, 12345)
    }
  }
  give(folder)
  expect(() => git('status')).toThrow() // git itself refuses it
  expect(describeSources(folder)).toEqual({ commit: head, dirty: null })
})

test('a checkout that git cannot read is unknown, not clean', () => {
  commit()
  put('.git/HEAD', 'broken')
  expect(describeSources(folder)).toEqual({ commit: null, dirty: 'unknown' })
})
