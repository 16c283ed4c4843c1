import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { blocksOf, myTable, root } from './pages.ts'

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const run = promisify(execFile)

test('the program of the first page trains its table, to the numbers that repro gives', async () => {
  const program = blocksOf('docs/00-start-here.md').find(({ code }) => code.includes("from './my-table.ts'"))!.code
  // Beside the pages, so that packages are found as they are for a reader.
  const folder = mkdtempSync(path.join(import.meta.dirname, '.program-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(path.join(folder, 'my-table.ts'), myTable())
  writeFileSync(path.join(folder, 'train.ts'), program)
  const node = (...args: string[]) => run(process.execPath, ['--import', tsx, ...args], { cwd: folder })

  const { stdout } = await node('train.ts')
  const [first, second, last] = stdout.trimEnd().split('\n')
  expect([first, second]).toEqual([expect.stringMatching(/^epoch 1 \{/), expect.stringMatching(/^epoch 2 \{/)])
  const [, accuracy, sha256] = /accuracy: ([\d.]+) \} ([0-9a-f]{64})$/.exec(last!)!
  expect(Number(accuracy)).toBeGreaterThan(0.9)
  expect(existsSync(path.join(folder, 'mish.safetensors'))).toBe(true)

  const repro = path.join(root, 'packages/cli/src/bin/repro.ts')
  const { stdout: json } = await node(repro, './my-table.ts#mish', '--seed', '1', '--json')
  const { rows } = JSON.parse(json.trimEnd().split('\n').at(-1)!)
  expect(rows[0].measured.values).toEqual([Number(accuracy)])
  const record = await import(pathToFileURL(path.join(root, 'repro/src/record/read.ts')).href)
  const { logs } = await record.readRecord(path.join(folder, rows[0].record))
  expect(logs[0].end.weights).toBe(sha256)
})
