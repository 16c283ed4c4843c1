import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, TricklabError } from '@tricklab/core'
import { failAll, suggest } from '@tricklab/core/errors'
import { checkTable, isTable, rowNames, type Table } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import own from '../../package.json' with { type: 'json' }
import { loadTypeScript } from './load-typescript.ts'
import { findProject } from './project.ts'

/** Packages of Tricklab that a table may import wherever it lies. */
const tablePackages = Object.keys(own.dependencies).filter((name) => name.startsWith('@tricklab/'))

/** A table and the rows asked for. */
export interface Target {
  readonly table: Table
  readonly rows: readonly string[]
  /** How another process finds the table: its id, or the path of its file. */
  readonly reference: string
}

/**
 * Resolves `TABLE`, `TABLE/ROW`, `./my-table.ts` or `./my-table.ts#ROW`.
 * @errors E_TABLE_UNKNOWN, E_ROW_UNKNOWN, E_RECIPE
 */
export async function findTarget(text: string): Promise<Target> {
  return /\.[cm]?[jt]s(#|$)/.test(text) ? findFile(text) : findBuiltIn(text)
}

function findBuiltIn(text: string): Target {
  const [id = '', row] = splitOnce(text, '/')
  const table = tables.find((candidate) => candidate.id === id)
  if (table === undefined) {
    const ids = tables.map((candidate) => candidate.id)
    fail('E_TABLE_UNKNOWN', {
      what: `There is no table "${id}".`,
      expected: 'TABLE, TABLE/ROW, or the path of a table file.',
      received: `"${text}".`,
      fix: `${suggest(id, ids)} \`pnpm repro list\` shows all tables and rows.`,
    })
  }
  return { table, rows: chooseRows(table, row), reference: table.id }
}

async function findFile(text: string): Promise<Target> {
  const [file, row] = splitFile(text)
  const absolute = path.resolve(file)
  if (!existsSync(absolute)) {
    fail('E_TABLE_UNKNOWN', {
      what: `There is no file ${file}.`,
      expected: 'a file whose default export is made by defineTable.',
      received: `"${text}".`,
      fix: 'check the path; rows of a file are named after a #: ./my-table.ts#my-row.',
    })
  }
  const table = await importTable(file, absolute)
  return { table, rows: chooseRows(table, row), reference: absolute }
}

/** File and row. A folder's name may hold a # too, as c#/table.ts#row does: the longest path that is there is the file. */
function splitFile(text: string): [string, string?] {
  const ends = [...text.matchAll(/\.[cm]?[jt]s(?=#|$)/g)].map(({ index, 0: ending }) => index + ending.length)
  const end = ends.findLast((at) => existsSync(path.resolve(text.slice(0, at)))) ?? ends.at(-1)!
  return end === text.length ? [text] : [text.slice(0, end), text.slice(end + 1)]
}

/** The default export of a file. @errors E_RECIPE when it cannot be imported or exports something else */
async function importTable(file: string, absolute: string): Promise<Table> {
  loadTypeScript()
  let exported: { readonly default?: unknown }
  try {
    exported = (await import(pathToFileURL(absolute).href)) as typeof exported
  } catch (cause) {
    // What the table itself refuses, such as an option out of range, already says what to do.
    if (cause instanceof TricklabError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    fail('E_RECIPE', {
      what: `${file} could not be imported: ${message.replace(/\s*\n\s*/g, ' ').replace(/\.$/, '')}.`,
      expected: 'a module that runs, in a folder where what it imports is installed.',
      received: cause instanceof Error ? `${cause.name}.` : 'an error.',
      fix: importFix(message, path.dirname(absolute)),
      cause,
    })
  }
  const table = exported.default
  if (isTable(table)) {
    failAll(checkTable(table))
    return table
  }
  const others = Object.keys(exported).filter((name) => isTable((exported as { [name: string]: unknown })[name]))
  fail('E_RECIPE', {
    what: `${file} does not export a table.`,
    expected: '`export default defineTable({ … })`.',
    received: table !== undefined ? `a default export of type ${typeof table}.` : 'no default export.',
    fix:
      others.length > 0
        ? `export ${others.join(' or ')} as the default.`
        : 'wrap the definition in defineTable from @tricklab/core.',
  })
}

/** What helps where an import failed: often a package that is not there. */
function importFix(message: string, folder: string): string {
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1]
  if (missing === undefined) {
    return /\b(require|module|exports|__filename|__dirname) is not defined/.test(message)
      ? 'write the file as a module, with `import … from` and `export default`.'
      : 'mend the file; `node --import tsx` runs it alone.'
  }
  if (missing.startsWith('.') || path.isAbsolute(missing)) {
    return 'check the path of the import, with its ending: "./my-trick.ts".'
  }
  const name = missing.split('/', missing.startsWith('@') ? 2 : 1).join('/')
  // What Tricklab's own packages are called is known here; a name that none has is not on npm either.
  if (name.startsWith('@tricklab/')) return suggest(name, tablePackages)
  return `install it there: ${installCommand(folder, name)}.`
}

/** By the package manager whose lockfile is nearest; npm alone cannot install into a workspace of pnpm. */
function installCommand(folder: string, name: string): string {
  const { root, lockfile } = findProject(folder)
  switch (lockfile && path.basename(lockfile)) {
    case 'pnpm-lock.yaml':
      return `npx -y pnpm@12 add ${existsSync(path.join(root, 'pnpm-workspace.yaml')) ? '-w ' : ''}${name}`
    case 'yarn.lock':
      return `yarn add ${name}`
    case 'bun.lock':
      return `bun add ${name}`
    default:
      return `npm install ${name}`
  }
}

function chooseRows(table: Table, row: string | undefined): string[] {
  const names = rowNames(table)
  if (row === undefined) return names
  if (names.includes(row)) return [row]
  fail('E_ROW_UNKNOWN', {
    what: `Table "${table.id}" has no row "${row}".`,
    expected: `one of ${names.join(', ')}.`,
    received: `"${row}".`,
    fix: suggest(row, names),
  })
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
