import { expect, it } from 'vitest'
import { apiPages } from '../src/api/pages.ts'
import { root } from './pages.ts'

/** Anchors of the headings of a page, which the site refuses to have twice. */
const anchorsOf = (markdown: string) =>
  markdown
    .replaceAll(/```[\s\S]*?```/g, '')
    .split('\n')
    .filter((line) => /^#{1,4} /.test(line))
    .map(
      (line) =>
        /\{#([^}]+)\}$/.exec(line)?.[1] ??
        line
          .replace(/^#+ /, '')
          .toLowerCase()
          .replaceAll(/[^\w]+/g, '-'),
    )

it('no two headings of a page of the API have one anchor', { timeout: 300_000 }, () => {
  for (const { path, markdown } of apiPages(root)) {
    const anchors = anchorsOf(markdown)
    expect(new Set(anchors).size, `${path}: ${anchors.filter((anchor, i) => anchors.indexOf(anchor) < i)}`).toBe(
      anchors.length,
    )
  }
})
