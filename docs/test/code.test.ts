import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createRegistry } from '@tricklab/core'
import { isPlugin, type Plugin } from '@tricklab/core/plugin'
import { isTable, normalizeRow, rowNames } from '@tricklab/core/recipe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeModule } from './complete.ts'
import { type Block, blocksOf, listPages, myTable, root } from './pages.ts'

/** The example of the test kit is a test of its own, which the kit compares with its page. */
const testedElsewhere = ['packages/testing/README.md']

/** Pages that a test follows word by word: what they put into a file is tested there. */
const followed = [
  'docs/20-write-a-block.md',
  'docs/21-write-a-callback.md',
  'docs/22-write-a-dataset.md',
  'docs/23-write-an-optimizer.md',
  'docs/24-write-a-model.md',
  'docs/25-your-own-photos.md',
]
const isFollowed = ({ place, code }: Block) => followed.includes(place.split(':')[0]!) && /^\/\/ \S+\n/.test(code)

const folder = path.join(import.meta.dirname, '.snippets')

/** What trains when it is imported runs in a test of its own. */
const trains = ({ code }: Block): boolean => code.includes("from './my-table.ts'")
const blocks = listPages()
  .filter((page) => !testedElsewhere.includes(page))
  .flatMap(blocksOf)
  .filter((block) => block.language === 'ts' && !isFollowed(block))
const fileOf = ({ place }: Block) => path.join(folder, `${place.replaceAll(/[^\w]+/g, '-')}.ts`)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const block of blocks) writeFileSync(fileOf(block), completeModule(block.code, block.given))
  writeFileSync(path.join(folder, 'my-table.ts'), myTable())
  // What the engine of page 50 imports: the author's own backend.
  writeFileSync(path.join(folder, 'backend.ts'), 'export {}\n')
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { noUnusedLocals: false },
    include: ['*.ts'],
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('TypeScript in pages', () => {
  it('is type-checked', async () => {
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    const checked = promisify(execFile)(process.execPath, [compiler, '-p', folder, '--pretty', 'false'])
    const output = await checked.then(
      () => '',
      (error: { readonly stdout: string }) => error.stdout,
    )
    // Errors of sources are the business of `pnpm check`.
    expect(output.split('\n').filter((line) => line.includes('.snippets/'))).toEqual([])
  })

  it.each(blocks.filter((block) => !trains(block)))('runs: $place', async (block) => {
    const { default: exported } = (await import(pathToFileURL(fileOf(block)).href)) as { readonly default?: unknown }
    if (isPlugin(exported)) {
      expect(createRegistry([exported as Plugin]).plugins).toHaveLength(1)
    } else if (isTable(exported)) {
      expect(exported.kind).toBe('training')
      if (exported.kind !== 'training') return
      for (const row of rowNames(exported)) expect(normalizeRow(exported, row).hash).toMatch(/^[0-9a-f]{64}$/)
    }
  })
})
