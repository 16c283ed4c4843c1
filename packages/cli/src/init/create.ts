import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'
import own from '../../package.json' with { type: 'json' }

const templates = fileURLToPath(new URL('../../templates/project/', import.meta.url))

/** Packages that the table of the template imports, beside the command itself. */
const imported = ['core', 'data', 'nn', 'optim', 'plugin-label-smoothing', 'plugin-mish'].map(
  (name) => `@tricklab/${name}`,
)

/** What the editor and `tsc` need; the versions that this repository itself is tested with. */
export const toolRanges = { '@types/node': '^20.19.43', typescript: '^7.0.2' }

/**
 * Writes a project around a first table.
 * @returns the files, by their path in the project
 * @errors E_ARGUMENT when one of them is there already; nothing is written then
 */
export function createProject(folder: string): string[] {
  const files = new Map(
    // npm keeps files of the name .gitignore out of every package, this one's templates included.
    readdirSync(templates).map((name) => [
      name === 'gitignore' ? '.gitignore' : name,
      readFileSync(path.join(templates, name), 'utf8'),
    ]),
  )
  files.set('package.json', `${JSON.stringify(manifestOf(path.basename(path.resolve(folder))), null, 2)}\n`)
  const names = [...files.keys()].sort()
  const present = names.filter((name) => existsSync(path.join(folder, name)))
  if (present.length > 0) {
    fail('E_ARGUMENT', {
      what: `${folder} already holds ${present.join(', ')}.`,
      expected: 'a folder without the files of a project.',
      received: `"${folder}".`,
      fix: 'name another folder, or write a table there yourself: the documentation begins with one.',
    })
  }
  makeFolder(folder)
  for (const name of names) writeFileSync(path.join(folder, name), files.get(name)!)
  return names
}

function manifestOf(folder: string): object {
  const ranges: { readonly [name: string]: string } = { ...own.dependencies, ...own.devDependencies }
  return {
    name: nameOf(folder),
    private: true,
    type: 'module',
    scripts: { repro: 'tricklab repro ./my-table.ts', check: 'tsc' },
    dependencies: {
      '@tricklab/cli': `^${own.version}`,
      ...Object.fromEntries(imported.map((name) => [name, ranges[name]])),
    },
    devDependencies: toolRanges,
  }
}

/** A name that npm takes, nearest to the folder's. */
function nameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'my-study' : name
}
