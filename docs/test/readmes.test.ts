import type { Plugin } from '@tricklab/core'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { expect, test } from 'vitest'
import { registrations } from '../src/registrations.ts'
import { readPage } from './pages.ts'

test.each<[string, Plugin]>([
  ['packages/data/README.md', data],
  ['packages/nn/README.md', nn],
  ['packages/optim/README.md', optim],
])('%s names every component that its package registers', (page, plugin) => {
  const text = readPage(page)
  const registered = registrations(plugin)
  expect(registered.length).toBeGreaterThan(5)
  expect(
    registered.filter(({ name }) => !text.includes(`\`${name}\``)).map(({ kind, name }) => `${kind} ${name}`),
  ).toEqual([])
})
