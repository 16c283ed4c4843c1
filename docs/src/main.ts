/**
 * Writes the generated pages of the documentation below `docs`: API, tricks and their pictures, tables, parts of the front
 * page. Run before every
 * build of the site; nothing that it writes is committed.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { reportRuns } from '@tricklab/repro'
import { apiPages } from './api/pages.ts'
import { homeParts } from './home.ts'
import type { Page } from './page.ts'
import { drawPictures } from './pictures/index.ts'
import { measuredReports, tablePages } from './tables/pages.ts'
import { trickPages } from './tricks/pages.ts'

const docs = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const root = path.resolve(docs, '..')

const sections = {
  api: apiPages(root),
  tricks: trickPages(root, await drawPictures()),
  tables: await tablePages(),
}

for (const [section, pages] of Object.entries(sections)) {
  rmSync(path.join(docs, section), { recursive: true, force: true })
  for (const page of pages) writePage(page)
}
writeSidebar()
const parts = path.join(docs, 'parts')
mkdirSync(parts, { recursive: true })
for (const [name, text] of Object.entries(await homeParts())) writeFileSync(path.join(parts, `${name}.md`), `${text}\n`)
const published = path.join(docs, 'public')
mkdirSync(path.join(published, 'measured'), { recursive: true })
await reportRuns([], path.join(published, 'report.html'))
for (const [place, page] of Object.entries(measuredReports())) writeFileSync(path.join(published, place), page)

function writePage({ path: place, markdown }: Page): void {
  const file = path.join(docs, `${place}.md`)
  mkdirSync(path.dirname(file), { recursive: true })
  // Tables are wide, and begin with links to their rows: the outline beside them would hide their verdicts.
  const settings = ['editLink: false', ...(place.startsWith('tables/') ? ['aside: false'] : [])]
  writeFileSync(file, `---\n${settings.join('\n')}\n---\n\n${markdown.trim()}\n`)
}

function writeSidebar(): void {
  const links = (pages: readonly Page[]) =>
    pages
      .filter((page) => !page.path.endsWith('/index'))
      .map(({ title, path: place }) => ({ text: title, link: `/${place}` }))
  const decisions = readdirSync(path.join(docs, 'decisions'))
    .filter((name) => /^\d/.test(name))
    .sort()
    .map((name) => {
      const title = /^# (.+)$/m.exec(readFileSync(path.join(docs, 'decisions', name), 'utf8'))![1]!
      return { text: title, link: `/decisions/${name.replace(/\.md$/, '')}` }
    })
  const sidebar = {
    ...Object.fromEntries(Object.entries(sections).map(([section, pages]) => [section, links(pages)])),
    decisions,
  }
  mkdirSync(path.join(docs, '.vitepress/cache'), { recursive: true })
  writeFileSync(path.join(docs, '.vitepress/cache/sidebar.json'), JSON.stringify(sidebar, null, 2))
}
