import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replaceBetween } from './generated-part.ts'
import { enginesFile, renderEngines } from './write-engines.ts'
import { readmeFile, renderReadme } from './write-readme.ts'

describe('generated parts of pages', () => {
  it('README.md shows the accepted records as they are', async () => {
    const readme = readFileSync(readmeFile, 'utf8')
    expect(await renderReadme(readme)).toBe(readme)
  })

  it('docs/50-engines.md shows the recorded runs as they are', () => {
    const page = readFileSync(enginesFile, 'utf8')
    expect(renderEngines(page)).toBe(page)
  })

  it('leaves everything outside the marks alone', () => {
    expect(replaceBetween('a<x>old<y>b', ['<x>', '<y>'], 'new')).toBe('a<x>\n\nnew\n\n<y>b')
    expect(() => replaceBetween('no marks', ['<x>', '<y>'], '')).toThrow('marks')
  })
})
