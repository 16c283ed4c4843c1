import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../packages/core/src/errors/codes.ts'
import { errorsDocPath, formatErrorsDoc } from './errors-doc.ts'

const root = path.join(import.meta.dirname, '..')

describe('docs/errors.md', () => {
  const page = readFileSync(errorsDocPath, 'utf8')

  test('is what the table gives: run `pnpm docs:errors` after changing it', () => {
    expect(page).toBe(formatErrorsDoc())
  })

  test('names every code once, and no other', () => {
    const named = [...page.matchAll(/^\| `(E_[A-Z_]+)` \|/gm)].map(([, code]) => code)
    expect(named.toSorted()).toEqual(Object.keys(errorCodes).toSorted())
  })
})

describe('the sources', () => {
  const sources = ['packages', 'plugins', 'repro', 'recipes'].flatMap((folder) => listSources(path.join(root, folder)))
  const table = path.join(root, 'packages/core/src/errors/codes.ts')
  const text = sources.filter((file) => file !== table).map((file) => readFileSync(file, 'utf8'))

  test.each(Object.keys(errorCodes))('%s is thrown somewhere', (code) => {
    expect(text.some((source) => source.includes(`'${code}'`))).toBe(true)
  })

  test('no other code is thrown, but those that a plugin brings', () => {
    const brought = new Set(
      text.flatMap((source) =>
        [...source.matchAll(/^ {2}(E_[A-Z0-9_]+): \{ exit: [234], meaning:/gm)].map(([, code]) => code!),
      ),
    )
    const used = new Set(text.flatMap((source) => [...source.matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code!)))
    expect([...used].filter((code) => !(code in errorCodes) && !brought.has(code))).toEqual([])
  })
})

/** TypeScript files that are shipped: no tests, nothing installed. */
function listSources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'test', 'dist'].includes(entry.name) ? [] : listSources(file)
    return /(?<!\.test)\.ts$/.test(entry.name) ? [file] : []
  })
}
