import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPlugin, packageManagerOf, readName, type TemplateKind, templateKinds } from '../src/index.ts'
import { linkedFolder, root } from './linked-folder.ts'

const kinds = Object.keys(templateKinds) as TemplateKind[]
const folder = linkedFolder()
const nameOf = (kind: TemplateKind) => readName(`@me/tricklab-plugin-cut-${kind}`)
const folderOf = (kind: TemplateKind) => path.join(folder, kind)
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

function runNode(args: readonly string[], cwd = folder) {
  const env = { ...process.env, NO_COLOR: '1', VITEST: undefined, NODE_ENV: undefined }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env })
  return { status, output: `${stdout}${stderr}`, stdout }
}

beforeAll(() => {
  const manager = packageManagerOf('npm/11.0.0 node/v20.19.0')
  for (const kind of kinds) createPlugin({ names: nameOf(kind), kind, folder: folderOf(kind), manager })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every kind is free of type errors, with its own settings', () => {
  const settings = kinds.map((kind) => readFileSync(path.join(folderOf(kind), 'tsconfig.json'), 'utf8'))
  expect(new Set(settings).size).toBe(1)
  const shared = {
    extends: `./${kinds[0]}/tsconfig.json`,
    // The linked packages are sources here; published ones are declarations.
    compilerOptions: { allowImportingTsExtensions: true },
    include: ['*/src', '*/test', '*/*.ts'],
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(shared))
  const { status, output } = runNode([path.join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
  expect(output).toBe('')
  expect(status).toBe(0)
})

test('every test of every kind passes but the one that is red on purpose, and it says what to write', () => {
  writeFileSync(
    path.join(folder, 'vitest.config.js'),
    `import config from './${kinds[0]}/vitest.config.ts'
export default { test: { ...config.test, include: ['*/test/**/*.test.ts'] } }
`,
  )
  const report = path.join(folder, 'report.json')
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const { output } = runNode([vitest, 'run', '--root', folder, '--reporter=json', `--outputFile=${report}`])
  interface Assertion {
    readonly status: string
    readonly fullName: string
    readonly failureMessages: readonly string[]
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { name: string; message: string; assertionResults: Assertion[] }[]
  }
  expect(testResults, output).toHaveLength(2 * kinds.length)
  for (const kind of kinds) {
    const results = testResults.filter(({ name }) => name.startsWith(`${folderOf(kind)}/`))
    const [red, others] = [[], []] as [Assertion[], Assertion[]]
    for (const result of results.flatMap(({ assertionResults }) => assertionResults)) {
      ;(/from somewhere else/.test(result.fullName) ? red : others).push(result)
    }
    expect(
      others.filter(({ status }) => status !== 'passed'),
      kind,
    ).toEqual([])
    // Options, shapes, gradients …: an empty suite would pass as well.
    expect(others.length, kind).toBeGreaterThan(8)
    expect(red, kind).toEqual([expect.objectContaining({ status: 'failed' })])
    const message = red[0]!.failureMessages[0]
    expect(message).toMatch(/Red on purpose\. Write here (what|the first bytes)/)
    expect(message).toContain(`Cut${kind.charAt(0).toUpperCase()}${kind.slice(1)}`)
  }
})

test.each(kinds)('the table of a %s trains, with it and without it', (kind) => {
  const cli = path.join(root, 'packages/cli/src/bin/tricklab.ts')
  const args = ['repro', './table.ts', '--engine', 'wasm', '--seed', '1', '--epochs', '1', '--json']
  const { status, output, stdout } = runNode(
    ['--import', tsx, cli, ...args, '--limit-train', '64', '--limit-valid', '64'],
    folderOf(kind),
  )
  expect(status, output).toBe(0)
  const { table, rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
  expect(table).toBe(`cut-${kind}`)
  expect(rows.map(({ row }: { row: string }) => row)).toEqual(['plain', `with-cut-${kind}`])
})
