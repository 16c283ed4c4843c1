import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readmeFile, renderReadme } from './write-readme.ts'

it('README.md shows the accepted records as they are', async () => {
  const readme = readFileSync(readmeFile, 'utf8')
  expect(await renderReadme(readme)).toBe(readme)
})
