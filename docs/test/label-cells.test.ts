import { createMarkdownRenderer } from 'vitepress'
import { expect, test } from 'vitest'
import { labelCells } from '../src/label-cells.ts'
import { root } from './pages.ts'

test('every cell of a table says which column it is in', async () => {
  const markdown = await createMarkdownRenderer(root, { config: labelCells })
  const html = markdown.render('| row | our value |\n|---|--:|\n| a | 1 |\n| b | 2 |\n\n| x |\n|---|\n| y |\n')
  const labels = [...html.matchAll(/<td[^>]* data-label="([^"]*)"[^>]*>(\w)</g)].map(([, label, cell]) => [label, cell])
  expect(labels).toEqual([
    ['row', 'a'],
    ['our value', '1'],
    ['row', 'b'],
    ['our value', '2'],
    ['x', 'y'],
  ])
})
