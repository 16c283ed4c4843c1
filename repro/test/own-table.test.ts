import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const temporary = mkdtempSync(path.join(os.tmpdir(), 'tricklab-own-'))
// In the clone, in a folder that no package of it is.
const inClone = mkdtempSync(path.join(root, '.own-table-'))
afterAll(() => {
  rmSync(temporary, { recursive: true })
  rmSync(inClone, { recursive: true })
})

/** The example of the first page, awaiting at its top, which only a module may. */
const example = /```ts\n(import \{ defineTable \}.*?)```/s.exec(
  readFileSync(path.join(root, 'docs/00-start-here.md'), 'utf8'),
)![1]!
const table = example.replace('\nexport default', "\nawait import('node:fs')\n\nexport default")

function write(folder: string, files: { readonly [name: string]: string }): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  return folder
}

interface Found {
  readonly target: string
  readonly table?: string
  readonly rows?: readonly string[]
  readonly error?: string
}

/** What is found, in a process of its own, as the command line starts one. */
async function find(...targets: string[]): Promise<Found[]> {
  const tsx = pathToFileURL(path.join(root, 'node_modules/tsx/dist/loader.mjs')).href
  const script = path.join(import.meta.dirname, 'fixtures/find-targets.ts')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', tsx, script, ...targets], {
    cwd: temporary,
  })
  expect(stderr).toBe('')
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Found)
}

const endings = ['ts', 'mts', 'cts']
const tables = Object.fromEntries(endings.map((ending) => [`my-table.${ending}`, table]))

let found: Found[]
const places: string[] = []
beforeAll(async () => {
  for (const [folder, manifest] of [
    [path.join(temporary, 'no-package'), undefined],
    [path.join(temporary, 'of-no-type'), '{ "name": "mine" }'],
    [path.join(temporary, 'of-modules'), '{ "name": "mine", "type": "module" }'],
    [path.join(temporary, 'of-commonjs'), '{ "name": "mine", "type": "commonjs" }'],
    [path.join(temporary, 'c#', 'a 100% odd? place'), undefined],
    [inClone, undefined],
  ] as const) {
    write(folder, { ...tables, ...(manifest === undefined ? {} : { 'package.json': manifest }) })
    places.push(...endings.map((ending) => path.join(folder, `my-table.${ending}`)))
  }
  found = await find(...places.map((place) => `${place}#smooth`))
}, 60_000)

test('the example of the first page is found in every kind of file and folder, with nothing installed there', () => {
  expect(found).toEqual(places.map((place) => ({ target: `${place}#smooth`, table: 'first-steps', rows: ['smooth'] })))
})

test('what the folder has itself comes first', async () => {
  const folder = write(path.join(temporary, 'with-its-own'), {
    'my-table.ts': table,
    'node_modules/@tricklab/plugin-mish/package.json':
      '{ "name": "@tricklab/plugin-mish", "type": "module", "exports": "./index.js" }',
    'node_modules/@tricklab/plugin-mish/index.js': "export default 'mish'\nthrow new Error('the mish of the folder')",
  })
  const [result] = await find(path.join(folder, 'my-table.ts'))
  expect(result!.error).toContain('the mish of the folder')
})

test('an import that finds nothing gets the one thing to do', async () => {
  const folder = write(path.join(temporary, 'with-mistakes'), {
    'misspelt.ts': "import '@tricklab/plugin-mihs'",
    'stranger.ts': "import 'tricklab-plugin-cut-out/extra'",
    'commonjs.cts': "const { defineTable } = require('@tricklab/core')\nmodule.exports = defineTable({})",
  })
  write(path.join(folder, 'workspace'), {
    'stranger.ts': "import '@me/tricklab-plugin-cut-out'",
    'pnpm-lock.yaml': '',
    'pnpm-workspace.yaml': '',
  })
  const results = await find(
    ...['misspelt.ts', 'stranger.ts', 'commonjs.cts', 'workspace/stranger.ts'].map((name) => path.join(folder, name)),
  )
  const fixes = results.map(({ error }) => error?.slice(error.indexOf('Fix: ')))
  expect(fixes).toEqual([
    'Fix: did you mean "@tricklab/plugin-mish"?',
    'Fix: install it there: npm install tricklab-plugin-cut-out.',
    'Fix: write the file as a module, with `import … from` and `export default`.',
    'Fix: install it there: npx -y pnpm@12 add -w @me/tricklab-plugin-cut-out.',
  ])
})

test('every plugin of the repository may be imported so', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'repro/package.json'), 'utf8'))
  const plugins = readdirSync(path.join(root, 'plugins')).map((name) => `@tricklab/plugin-${name}`)
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(plugins))
})
