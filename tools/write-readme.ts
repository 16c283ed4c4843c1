/** Puts the table of accepted records into README.md, between its marks. `pnpm docs:readme`; a test keeps them equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { acceptedRecords, renderMarkdownTable } from '@tricklab/repro'

const marks = ['<!-- records: made by `pnpm docs:readme` -->', '<!-- end of records -->'] as const

export const readmeFile = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../README.md')

/** The README with its table made anew from the records. */
export async function renderReadme(readme: string): Promise<string> {
  const [start, end] = marks.map((mark) => readme.indexOf(mark))
  if (start === undefined || end === undefined || start < 0 || end < start) throw new Error('README.md lost its marks')
  const table = renderMarkdownTable(await acceptedRecords())
  return `${readme.slice(0, start + marks[0].length)}\n\n${table}\n${readme.slice(end)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(readmeFile, await renderReadme(readFileSync(readmeFile, 'utf8')))
}
