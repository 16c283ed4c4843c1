import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  /** Page and line: `docs/30-recipes.md:8`. */
  readonly place: string
  readonly language: string
  readonly code: string
  /** What `<!-- given: … -->` before the block declares: names that the page takes for granted. */
  readonly given: string
}

/** Pages that people read, as paths from the root; generated ones are made of these and of sources. */
export function listPages(): string[] {
  const markdown = (folder: string) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.md') && !generatedPages.includes(name))
      .map((name) => path.posix.join(folder, name))
  const readmes = (folder: string) =>
    readdirSync(path.join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => markdown(`${folder}/${name}`))
      .filter((page) => page.endsWith('/README.md'))
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...markdown('docs'),
    ...markdown('docs/decisions'),
    ...readmes('packages'),
    ...readmes('plugins'),
    'recipes/README.md',
    'repro/README.md',
  ]
}

const generatedPages: readonly string[] = ['errors.md']

export const readPage = (page: string): string => readFileSync(path.join(root, page), 'utf8')

export function blocksOf(page: string): Block[] {
  const text = readPage(page)
  return [...text.matchAll(/(?:<!-- given: ([\s\S]*?) -->\n+)?^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, given = '', language, code] = match
    const start = match.index + whole.indexOf('```')
    return { place: `${page}:${text.slice(0, start).split('\n').length}`, language: language!, code: code!, given }
  })
}

/** The table that the first page shows as `my-table.ts`. */
export const myTable = (): string => blocksOf('docs/00-start-here.md').find(({ language }) => language === 'ts')!.code
