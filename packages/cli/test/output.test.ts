import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCli } from './run-cli.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** Runs a command whose standard output is a file of this name. */
function runInto(
  file: string,
  command: string,
  args: readonly string[],
): Promise<[code: number | null, stderr: string]> {
  const out = openSync(file, 'w')
  const bin = path.join(root, 'packages/cli/src/bin', `${command}.ts`)
  const child = spawn(process.execPath, ['--import', tsx, bin, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', out, 'pipe'],
  })
  closeSync(out)
  let stderr = ''
  child.stderr!.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve([code, stderr])))
}

describe.skipIf(!existsSync('/dev/full'))('on a full disk', () => {
  it.each([
    ['repro', ['list', '--json']],
    ['lab', ['groups', '--json']],
    ['bench', ['--help']],
  ])('%s %j says that its output is lost', async (command, args) => {
    const [code, stderr] = await runInto('/dev/full', command, args)
    expect(stderr).toContain('[E_OUT_WRITE] Standard output could not be written: ENOSPC')
    expect(code).toBe(2)
  })

  it('repro report says that its page is lost', async () => {
    const { code, stderr } = await runCli('repro', ['report', '--output', '/dev/full'])
    expect(stderr).toContain('[E_OUT_WRITE] The report could not be written: ENOSPC')
    expect(code).toBe(2)
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  })
})

it('a reader that has read enough is no failure', async () => {
  const { code, stderr } = await runCli('repro', ['list'], { onSpawn: (child) => child.stdout!.destroy() })
  expect([code, stderr]).toEqual([0, ''])
})
