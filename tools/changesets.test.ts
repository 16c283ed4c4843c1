import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkChangeset } from './changesets.ts'

const changeset = (bump: string, body: string) => `---\n"@tricklab/core": ${bump}\n---\n\n${body}\n`

test('a changeset says what it does to results, and a change of numbers is major', () => {
  expect(checkChangeset('a.md', changeset('patch', 'A fix.\n\nResults: unchanged.'))).toEqual([])
  expect(checkChangeset('a.md', changeset('major', 'A fix.\n\nResults: losses of ranger rise by 1e-6.'))).toEqual([])
  expect(checkChangeset('a.md', '---\n---\n\nNothing to release.\n')).toEqual([])
  expect(checkChangeset('a.md', changeset('patch', 'A fix.'))).toEqual([
    'a.md: the line "Results: …" is missing; write "Results: unchanged.", or say which numbers change and why.',
  ])
  expect(checkChangeset('a.md', changeset('minor', 'Results: losses of ranger rise by 1e-6.'))).toEqual([
    'a.md: the results change ("losses of ranger rise by 1e-6."), so at least one package needs a major change.',
  ])
})

test('every changeset here does', () => {
  const folder = path.join(import.meta.dirname, '../.changeset')
  const files = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
  expect(files.flatMap((name) => checkChangeset(name, readFileSync(path.join(folder, name), 'utf8')))).toEqual([])
})
