import { expect, it } from 'vitest'
import { repositoryPage } from '../src/repository.ts'

it.each([
  [{ type: 'git', url: 'git+https://github.com/me/tricks.git' }, 'https://github.com/me/tricks'],
  ['https://codeberg.org/me/tricks', 'https://codeberg.org/me/tricks'],
  ['git@github.com:me/tricks.git', 'https://github.com/me/tricks'],
  ['ssh://git@example.org/me/tricks.git', 'https://example.org/me/tricks'],
  ['me/tricks', 'https://github.com/me/tricks'],
  ['gitlab:me/tricks', 'https://gitlab.com/me/tricks'],
  ['../somewhere', undefined],
  [{ type: 'git' }, undefined],
  [null, undefined],
  [undefined, undefined],
])('a repository %j has the page %s', (repository, page) => {
  expect(repositoryPage({ repository })).toBe(page)
})
