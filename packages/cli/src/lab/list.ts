import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import { type Kind, kinds, listPlugins, type Plugin } from '@tricklab/core/plugin'
import { findTarget, installedPlugins } from '@tricklab/repro'
import type { Command } from 'commander'
import { formatComponents, type ListedComponent, listComponents } from './list/components.ts'
import { createGlob } from './list/glob.ts'

interface ListArguments {
  readonly kind?: Kind
  readonly table?: string
  readonly json?: boolean
}

/** Declares `lab list`. */
export function addList(program: Command): void {
  program
    .command('list')
    .description('print every component that a recipe can name, with its options and its paper')
    .argument('[glob]', "components whose name fits: 'xresnet*'; default: all")
    .option('--kind <kind>', `one kind: ${kinds.join(', ')}`, knownKind)
    .option('--table <file>', 'also list the plugins of this table')
    .option('--json', 'one JSON array on standard output')
    .action((glob: string | undefined, options: ListArguments) => list(glob, options))
}

/** `pnpm lab list [GLOB]`: the components of the installed plugins. */
async function list(glob = '*', { kind, table, json }: ListArguments): Promise<void> {
  const all = listComponents(await knownPlugins(table)).filter(
    (component) => kind === undefined || component.kind === kind,
  )
  const fits = createGlob(glob)
  const found = all.filter(({ name }) => fits(name))
  if (found.length === 0) failNone(glob, all, kind)
  process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : formatComponents(found))
}

/** Those that come with Tricklab; the table's own stand in for those of the same name. */
async function knownPlugins(table: string | undefined): Promise<readonly Plugin[]> {
  const installed = await installedPlugins()
  if (table === undefined) return installed
  const plugins = listPlugins((await findTarget(table)).table.plugins)
  const names = plugins.map(({ name }) => name)
  return [...installed.filter(({ name }) => !names.includes(name)), ...plugins]
}

function failNone(glob: string, all: readonly ListedComponent[], kind: Kind | undefined): never {
  const names = all.map(({ name }) => name)
  const what = kind ?? 'component'
  return fail('E_COMPONENT_UNKNOWN', {
    what: `No ${what} has a name that fits "${glob}".`,
    expected: `the name of one of ${names.length} components, or a pattern that it fits.`,
    received: `"${glob}".`,
    fix: '`pnpm lab list` shows all; a pattern such as "*net*" finds more.',
  })
}

function knownKind(text: string): Kind {
  const kind = kinds.find((name) => name === text)
  if (kind !== undefined) return kind
  return fail('E_ARGUMENT', {
    what: `There is no kind "${text}" of component.`,
    expected: `one of ${kinds.join(', ')}.`,
    received: `--kind ${text}.`,
    fix: suggest(text, kinds),
  })
}
