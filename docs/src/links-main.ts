/** Checks every link and anchor of the built site. The last step of `pnpm docs:build`. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLinks } from './check-links.ts'

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../.vitepress/dist')
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll(path.sep, '/'))
// The report is one file of its own, tested where it is made.
const pages = files.filter((name) => name.endsWith('.html') && name !== 'report.html')
const problems = checkLinks(
  new Map(pages.map((name) => [name, readFileSync(path.join(dist, name), 'utf8')])),
  new Set(files),
)
for (const problem of problems) process.stderr.write(`✖ ${problem}\n`)
process.stderr.write(`${pages.length} pages were checked; ${problems.length} links lead nowhere.\n`)
process.exitCode = problems.length === 0 ? 0 : 1
