import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../../..')

/** What a new plugin's package.json asks for, as this repository has it. */
const packages: { readonly [name: string]: string } = {
  ...Object.fromEntries(
    ['cli', 'core', 'data', 'nn', 'optim', 'testing'].map((name) => [`@tricklab/${name}`, `packages/${name}`]),
  ),
  '@types/node': 'node_modules/@types/node',
  typescript: 'node_modules/typescript',
  vitest: 'node_modules/vitest',
}

/** An empty folder outside the repository in which those packages are found, without a network. */
export function linkedFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-plugins-'))
  for (const [name, place] of Object.entries(packages)) {
    const link = path.join(folder, 'node_modules', name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(path.join(root, place), link)
  }
  return folder
}
