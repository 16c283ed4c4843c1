import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type AnyRegistration, listPlugins } from '@tricklab/core/plugin'
import type { Table } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import { escapeText, markdownTable, type Page } from '../page.ts'
import type { Picture } from '../pictures/types.ts'
import { registrations } from '../registrations.ts'
import { oneLine } from '../tables/pages.ts'
import { type Trick, tricks } from './list.ts'

/** A page for every trick: its README with a picture, what it registers, and the tables that use it. */
export function trickPages(root: string, pictures: ReadonlyMap<string, Picture>): Page[] {
  return [overview(root), ...tricks.map((trick) => trickPage(trick, root, pictures.get(trick.name)))]
}

interface Manifest {
  readonly version: string
  readonly description: string
  readonly keywords?: readonly string[]
}

const manifestOf = (root: string, { name }: Trick): Manifest =>
  JSON.parse(readFileSync(path.join(root, 'plugins', name, 'package.json'), 'utf8'))

function overview(root: string): Page {
  const rows = tricks.map((trick) => [
    `[${trick.name}](/tricks/${trick.name})`,
    escapeText(manifestOf(root, trick).description),
    [...new Set(registrations(trick.plugin).map(({ kind }) => kind))].join(', '),
    paperOf(trick),
  ])
  return {
    path: 'tricks/index',
    title: 'Tricks',
    markdown: `# Tricks

A trick is a plugin: a package whose default export registers components that a recipe names. The pages are made from the
plugins: options from their declarations, pictures by their own code.

${markdownTable(['trick', 'what', 'registers', 'paper'], 'llll', rows)}`,
  }
}

function paperOf({ plugin: { paper } }: Trick): string {
  if (paper === undefined) return '–'
  return paper.startsWith('arXiv:') ? `[${paper}](https://arxiv.org/abs/${paper.slice('arXiv:'.length)})` : paper
}

function trickPage(trick: Trick, root: string, picture: Picture | undefined): Page {
  const { name, plugin } = trick
  const { version } = manifestOf(root, trick)
  const readme = readFileSync(path.join(root, 'plugins', name, 'README.md'), 'utf8')
  const facts = [
    `Package \`@tricklab/plugin-${name}\` ${version}`,
    ...(plugin.paper === undefined ? [] : [`paper ${paperOf(trick)}`]),
    `core \`${plugin.core}\``,
  ]
  const [lead, rest] = cardOf(readme)
  const parts = [
    `# ${name}`,
    lead,
    `${facts.join(' · ')}.`,
    ...(picture === undefined ? [] : [figure(picture)]),
    rest,
    '## What it registers',
    registered(registrations(plugin)),
    ...errorsOf(plugin),
    '## Tables with it',
    usedBy(trick),
  ]
  return { path: `tricks/${name}`, title: name, markdown: parts.join('\n\n') }
}

/** A README without its title: what the trick does, and the rest from the heading `Use` on. */
function cardOf(readme: string): readonly [lead: string, rest: string] {
  const [, lead, rest] = /^# .+\n+(?:## What it does\n+)?([\s\S]*?)\n\n(?:## Use\n+)?(?=```)([\s\S]*)$/.exec(
    readme,
  ) ?? ['', '', readme]
  return [lead!, `## Use\n\n${rest!.trim()}`]
}

/** The error codes that a plugin brings. */
function errorsOf({ errors }: Trick['plugin']): string[] {
  if (errors === undefined) return []
  const rows = Object.entries(errors.codes).map(([code, { exit, meaning }]) => [
    `\`${code}\``,
    String(exit),
    escapeText(meaning),
  ])
  return ['## Errors', markdownTable(['code', 'exit code', 'meaning'], 'lrl', rows)]
}

function figure({ svg, caption }: Picture): string {
  return `<figure class="picture" v-pre><div class="drawing">${oneLine(svg.text)}</div><figcaption>${caption}</figcaption></figure>`
}

function registered(items: readonly AnyRegistration[]): string {
  const rows = items.map(({ kind, name, component }) => [
    kind,
    `\`${name}\``,
    escapeText(component.doc),
    component.stage === undefined ? '' : `stage \`${component.stage}\``,
  ])
  const staged = items.some(({ component }) => component.stage !== undefined)
  const cells = staged ? rows : rows.map((row) => row.slice(0, 3))
  return markdownTable(
    staged ? ['kind', 'name', 'what', 'when'] : ['kind', 'name', 'what'],
    'llll'.slice(0, staged ? 4 : 3),
    cells,
  )
}

/** Tables that list the plugin, and the rows whose own lines name what it registers. */
function usedBy({ plugin }: Trick): string {
  const names = registrations(plugin).map(({ name }) => name)
  const rows = tables
    .filter((table) => listPlugins(table.plugins).some(({ name }) => name === plugin.name))
    .map((table) => [`[${table.id}](/tables/${table.id})`, escapeText(table.title), where(table, names)])
  return rows.length === 0
    ? 'None of the documented tables uses it yet.'
    : markdownTable(['table', 'what', 'rows'], 'lll', rows)
}

function where(table: Table, names: readonly string[]): string {
  const mentions = (value: unknown) => names.some((name) => JSON.stringify(value ?? null).includes(`"${name}"`))
  if ('base' in table && mentions(table.base)) return 'all'
  const rows = Object.entries(table.rows).filter(([, row]) => mentions(row))
  return rows.map(([name]) => `[${name}](/tables/${table.id}#${name})`).join(', ')
}
