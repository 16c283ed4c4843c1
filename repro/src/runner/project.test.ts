import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findProject } from './project.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-project-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the project is the nearest folder upwards with a lockfile, of any package manager', () => {
  const inner = path.join(folder, 'outer/inner/deep')
  mkdirSync(inner, { recursive: true })
  expect(findProject(inner)).toEqual({ root: inner, lockfile: undefined })
  const outer = path.join(folder, 'outer/package-lock.json')
  writeFileSync(outer, '{}')
  expect(findProject(inner)).toEqual({ root: path.dirname(outer), lockfile: outer })
  const nearer = path.join(folder, 'outer/inner/pnpm-lock.yaml')
  writeFileSync(nearer, '')
  expect(findProject(inner)).toEqual({ root: path.dirname(nearer), lockfile: nearer })
})
