import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import own from '../package.json' with { type: 'json' }
import type { PluginNames } from './names.ts'
import type { PackageManager } from './package-manager.ts'

/** What a template says of itself in its package.json. */
export interface TemplateManifest {
  readonly description: string
  readonly keywords: readonly string[]
  readonly peerDependencies: { readonly [name: string]: string }
}

/** Tools of the generated package; the versions that this repository itself is tested with. */
export const toolRanges = {
  '@changesets/cli': '^2.31.1',
  '@types/node': '^20.19.43',
  typescript: '^7.0.2',
  vitest: '^4.1.12',
}

/** What a table needs beside the plugin, and what tests need. */
const development = ['cli', 'core', 'data', 'nn', 'optim', 'testing'].map((name) => `@tricklab/${name}`)

/** The range of Tricklab's packages that this version of the scaffold was made with: `^0.1.0`. */
export function rangeOf(name: string): string {
  const range = ({ ...own.dependencies, ...own.devDependencies } as Record<string, string>)[name]
  // Publishing replaces `workspace:^` by the range itself; in the repository the version is that of the neighbour.
  if (range !== undefined && !range.startsWith('workspace:')) return range
  const folder = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url))
  return `^${(JSON.parse(readFileSync(folder, 'utf8')) as { version: string }).version}`
}

/** The package.json of a new plugin. */
export function createManifest(template: TemplateManifest, names: PluginNames, manager: PackageManager): object {
  return {
    name: names.package,
    version: '0.0.0',
    description: template.description,
    keywords: template.keywords,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: own.engines,
    exports: { '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' } },
    files: ['dist'],
    publishConfig: { access: 'public' },
    scripts: {
      test: 'vitest run',
      check: 'tsc -p .',
      try: 'tricklab repro ./table.ts',
      build: 'tsc -p tsconfig.build.json',
      prepack: `${manager.command} run build`,
      changeset: 'changeset',
      'version-packages': 'changeset version',
      release: 'changeset publish',
    },
    peerDependencies: Object.fromEntries(Object.keys(template.peerDependencies).map((name) => [name, rangeOf(name)])),
    devDependencies: Object.fromEntries(
      [...development.map((name) => [name, rangeOf(name)] as const), ...Object.entries(toolRanges)].sort(([a], [b]) =>
        a < b ? -1 : 1,
      ),
    ),
  }
}
