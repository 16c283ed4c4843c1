/** Puts the accepted records as tables into README.md, between their marks. `pnpm docs:readme`; a test keeps them equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  acceptedMeasurements,
  acceptedRecords,
  countRows,
  formatCount,
  listRows,
  renderClaimTable,
  renderMarkdownTable,
} from '@tricklab/repro'
import { replaceBetween } from './generated-part.ts'

const marks = {
  records: ['<!-- records: made by `pnpm docs:readme` -->', '<!-- end of records -->'],
  claims: ['<!-- measurements: made by `pnpm docs:readme` -->', '<!-- end of measurements -->'],
} as const

export const readmeFile = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../README.md')

/** The README with its tables made anew from the records. */
export async function renderReadme(readme: string): Promise<string> {
  const { items } = await listRows()
  const records = `${renderMarkdownTable(await acceptedRecords())}\n${formatCount(countRows(items))}\n`
  const withRecords = replaceBetween(readme, marks.records, records)
  return replaceBetween(withRecords, marks.claims, renderClaimTable(acceptedMeasurements()))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(readmeFile, await renderReadme(readFileSync(readmeFile, 'utf8')))
}
