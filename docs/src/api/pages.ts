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
  const entries = packages.map((name) => path.join(root, 'packages', name, 'src/index.ts'))
  const tools = path.join(root, 'packages/data/src/tools.ts')
  const found = readDeclarations([...entries, tools], path.join(root, 'tsconfig.base.json'))
  const pages = [
    ...packages.flatMap((name, index) => pagesOf(name, found.get(entries[index]!)!)),
    { path: 'api/data-tools', title: '@tricklab/data/tools', package: 'data', declarations: found.get(tools)! },
  ]
  const places = new Map(pages.flatMap((page) => page.declarations.map((item) => [item.name, page.path] as const)))
  return [overview(root, pages), componentsPage(), ...pages.map((page) => renderPage(page, places))]
}

function pagesOf(name: string, declarations: readonly Declaration[]): ApiPage[] {
  const sorted = [...declarations].sort((a, b) => compare(a.topic, b.topic) || a.position - b.position)
  const one = { path: `api/${name}`, title: `@tricklab/${name}`, package: name }
  if (sorted.length <= namesOfOnePage) return [{ ...one, declarations: sorted }]
  const parts = groupBy(sorted, ({ topic }) => topic.split('/')[0]!)
  const small = [...parts].filter(([, items]) => items.length < namesOfOwnPage)
  const large = [...parts].filter(([, items]) => items.length >= namesOfOwnPage)
  const rest = small.flatMap(([, items]) => items)
  return [...large, ...(rest.length === 0 ? [] : [['more', rest] as const])].map(([part, items]) => ({
    path: `api/${name}-${part}`,
    title: `@tricklab/${name}: ${part}`,
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
