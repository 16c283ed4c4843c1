import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '@tricklab/core'
import { makeFolder } from '@tricklab/core/files'
import type { TemplateKind } from './kinds.ts'
import { createManifest, type TemplateManifest } from './manifest.ts'
import type { PluginNames } from './names.ts'
import type { PackageManager } from './package-manager.ts'

export interface PluginRequest {
  readonly names: PluginNames
  readonly kind: TemplateKind
  /** Where the package goes; must be empty or not there yet. */
  readonly folder: string
  readonly manager: PackageManager
}

const templates = fileURLToPath(new URL('../templates/', import.meta.url))

/**
 * Writes a plugin package from the templates of its kind.
 * @returns the files, by their path in the package
 * @errors E_ARGUMENT when something is in the way; nothing is written then
 */
export function createPlugin({ names, kind, folder, manager }: PluginRequest): string[] {
  refuseOccupied(folder)
  const spell = speller(names, manager)
  const files = new Map<string, string>()
  for (const room of ['common', kind]) {
    for (const file of listFiles(path.join(templates, room))) {
      // npm keeps files of the name .gitignore out of every package, this one's templates included.
      files.set(
        spell(file === 'gitignore' ? '.gitignore' : file),
        readFileSync(path.join(templates, room, file), 'utf8'),
      )
    }
  }
  const template = JSON.parse(spell(files.get('package.json')!)) as TemplateManifest
  files.set('package.json', `${JSON.stringify(createManifest(template, names, manager), null, 2)}\n`)
  for (const [file, text] of files) {
    const target = path.join(folder, file)
    makeFolder(path.dirname(target))
    writeFileSync(target, spell(text, file))
  }
  return [...files.keys()].sort()
}

function refuseOccupied(folder: string): void {
  if (!existsSync(folder)) return
  const isFolder = statSync(folder).isDirectory()
  // A fresh repository may be there already.
  const found = isFolder ? readdirSync(folder).filter((name) => name !== '.git') : []
  if (isFolder && found.length === 0) return
  fail('E_ARGUMENT', {
    what: isFolder ? `The folder ${folder} is not empty.` : `${folder} is a file.`,
    expected: 'a folder that is empty or not there yet.',
    received: isFolder ? `${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}.` : 'a file.',
    fix: 'name another one with --folder, or empty this one.',
  })
}

/** Puts the plugin's names in the place of the templates'. */
function speller(names: PluginNames, manager: PackageManager) {
  const spellings: readonly (readonly [string, string])[] = [
    ['tricklab-plugin-my-trick', names.package],
    ['my-trick', names.component],
    ['myTrick', names.camel],
    ['MyTrick', names.pascal],
    ['My trick', names.sentence],
  ]
  return (text: string, file = ''): string => {
    const command = file.startsWith('.github/') ? manager.fresh : manager.command
    return spellings.reduce(
      (spelt, [from, to]) => spelt.replaceAll(from, to),
      text.replaceAll('PACKAGE_MANAGER', command),
    )
  }
}

/** Files below a folder, by their path from there, with slashes. What was installed or built for the types is no part. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
}
