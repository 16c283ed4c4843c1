/** Puts the table of accepted records into README.md, between its marks. `pnpm docs:readme`; a test keeps them equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { acceptedRecords, renderMarkdownTable } from '@tricklab/repro'
import { replaceBetween } from './generated-part.ts'

const marks = ['<!-- records: made by `pnpm docs:readme` -->', '<!-- end of records -->'] as const

export const readmeFile = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../README.md')

/** The README with its table made anew from the records. */
export async function renderReadme(readme: string): Promise<string> {
  return replaceBetween(readme, marks, renderMarkdownTable(await acceptedRecords()))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(readmeFile, await renderReadme(readFileSync(readmeFile, 'utf8')))
}
