import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const folder = path.resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

/** The first cells of the tables below a heading of the README, the head and the line below it apart. */
const section = read('README.md').split('## What can be imported')[1]!
const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map((match) => match[1]!)
const listed = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))

test('the README lists every public name, and each is exported by name', () => {
  const source = read('src/index.ts')
  expect(source).not.toContain('export *')
  const exported = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) =>
    names!
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  )
  expect(listed.filter((name) => !name.startsWith('@')).sort()).toEqual(exported.sort())
})

test('the README lists every subpath', () => {
  const subpaths = Object.keys(manifest.exports).filter((key) => key !== '.')
  expect(listed.filter((name) => name.startsWith('@')).sort()).toEqual(
    subpaths.map((key) => `@tricklab/core${key.slice(1)}`).sort(),
  )
})

/** The modules of Node that a source needs when it runs, with the files that import them. */
function modulesOfNode(entry: string): string[] {
  const seen = new Set<string>()
  const found: string[] = []
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, specifier] of read(file).matchAll(/^(?:import|export) (?!type )[^'"]*?from '([^']+)'/gm)) {
      if (specifier!.startsWith('node:')) found.push(`${file}: ${specifier}`)
      if (/^\..*\.ts$/.test(specifier!)) visit(path.posix.join(path.posix.dirname(file), specifier!))
    }
  }
  visit(entry)
  return found
}

test('the package itself needs no module of Node', () => {
  expect(modulesOfNode('src/index.ts')).toEqual([])
  expect(modulesOfNode('src/recipe/index.ts')).toEqual(['src/hash.ts: node:crypto'])
})
