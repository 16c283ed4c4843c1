import { readFileSync } from 'node:fs'
import path from 'node:path'
import { groupBy } from '../group-by.ts'
import { escapeText, markdownTable, type Page } from '../page.ts'
import { componentsPage } from './components.ts'
import { type Declaration, readDeclarations } from './declarations.ts'

const packages = ['core', 'nn', 'data', 'optim', 'train', 'testing'] as const

/** A package with more public names has a page for each folder or file of its sources. */
const namesOfOnePage = 60
/** Folders with fewer names share a page. */
const namesOfOwnPage = 4

interface ApiPage {
  readonly path: string
  readonly title: string
  readonly package: string
  readonly declarations: readonly Declaration[]
}

/** The API pages: one overview, what recipes can name, and the public names of every package from their TSDoc. */
export function apiPages(root: string): Page[] {
  const entries = packages.flatMap((name) => entriesOf(root, name))
  const found = readDeclarations(
    entries.map(({ file }) => file),
    path.join(root, 'tsconfig.base.json'),
  )
  const pages = entries.flatMap((entry) => {
    // A room behind a subpath has all of its names; those that the package itself has are described there.
    const main = entries.find((other) => other.package === entry.package)!
    const known = new Set(entry === main ? [] : found.get(main.file)!.map(({ name }) => name))
    return pagesOf(
      entry,
      found.get(entry.file)!.filter(({ name }) => !known.has(name)),
    )
  })
  const places = new Map(pages.flatMap((page) => page.declarations.map((item) => [item.name, page.path] as const)))
  return [overview(root, pages), componentsPage(), ...pages.map((page) => renderPage(page, places))]
}

interface Entry {
  readonly package: string
  /** What follows the name of the package: `/tools`; nothing for the package itself. */
  readonly subpath: string
  readonly file: string
}

/** What can be imported of a package, the package itself first, without what it only hands on. */
function entriesOf(root: string, name: string): Entry[] {
  const folder = path.join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string>>
  }
  return Object.entries(exports).map(([key, file]) => ({
    package: name,
    subpath: key.slice(1),
    file: path.join(folder, file),
  }))
}

function pagesOf({ package: name, subpath }: Entry, declarations: readonly Declaration[]): ApiPage[] {
  const sorted = [...declarations].sort((a, b) => compare(a.topic, b.topic) || a.position - b.position)
  const one = {
    path: `api/${name}${subpath.replaceAll('/', '-')}`,
    title: `@tricklab/${name}${subpath}`,
    package: name,
  }
  if (sorted.length === 0) return []
  if (sorted.length <= namesOfOnePage) return [{ ...one, declarations: sorted }]
  const parts = groupBy(sorted, ({ topic }) => topic.split('/')[0]!)
  const small = [...parts].filter(([, items]) => items.length < namesOfOwnPage)
  const large = [...parts].filter(([, items]) => items.length >= namesOfOwnPage)
  const rest = small.flatMap(([, items]) => items)
  return [...large, ...(rest.length === 0 ? [] : [['more', rest] as const])].map(([part, items]) => ({
    path: `${one.path}-${part}`,
    title: `${one.title}: ${part}`,
    package: name,
    declarations: items,
  }))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function overview(root: string, pages: readonly ApiPage[]): Page {
  const sections = packages.map((name) => {
    const { description } = JSON.parse(readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8'))
    const rows = pages
      .filter((page) => page.package === name)
      .map((page) => [`[${page.title}](/${page.path})`, page.declarations.map(({ name }) => `\`${name}\``).join(' ')])
    return `## @tricklab/${name}\n\n${description ?? ''}\n\n${markdownTable(['page', 'names'], 'll', rows)}`
  })
  return {
    path: 'api/index',
    title: 'API',
    markdown: `# API\n\nWhat the packages export, from the TSDoc of their sources. Components that a recipe names by a string, such as
\`xresnet50\` or \`fit-one-cycle\`, are in [components](/api/components).\n\n${sections.join('\n')}`,
  }
}

function renderPage({ path: place, title, declarations }: ApiPage, places: ReadonlyMap<string, string>): Page {
  const topics = [...groupBy(declarations, ({ topic }) => topic)]
  const body = topics.map(([topic, items]) => {
    const sections = items.map((item) => renderDeclaration(item, places, place))
    // A name may be that of its file: `train` of train.ts. Names have no hyphen, so the two anchors differ.
    return `## ${topic} {#file-${topic.replaceAll('/', '-')}}\n\n${sections.join('\n')}`
  })
  return { path: place, title, markdown: `# ${title}\n\n${body.join('\n')}` }
}

function renderDeclaration(item: Declaration, places: ReadonlyMap<string, string>, here: string): string {
  const { name, text, tags, code } = item
  const tagLines = tags.map((tag) => `- **${tagWords[tag.name] ?? tag.name}** ${escapeText(tag.text)}`)
  const used = [...new Set(code.match(/\b[A-Za-z]\w+\b/g))].filter((word) => word !== name && places.has(word))
  const links = used.map((word) => `[${word}](${places.get(word) === here ? '' : `/${places.get(word)}`}#${word})`)
  return [
    `### ${name} {#${name}}`,
    escapeText(text),
    // Not `ts`: that marks examples, which a test compiles as they stand.
    `\`\`\`typescript\n${code}\n\`\`\``,
    tagLines.join('\n'),
    links.length === 0 ? '' : `Uses ${links.join(', ')}.`,
    '',
  ]
    .filter((part, index, all) => part !== '' || index === all.length - 1)
    .join('\n\n')
}

const tagWords: Readonly<Record<string, string>> = {
  param: 'Parameter',
  returns: 'Returns',
  shape: 'Shape:',
  unit: 'Unit:',
  errors: 'Errors:',
  paper: 'Paper:',
  differs: 'Differs from the paper:',
}
