import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runCli, temporaryFolder } from './run-cli.ts'
import { runFolder, tiny } from './tiny-runs.ts'

/** Asks until there is an answer. */
async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await sleep(100)
  }
}

test('a run that goes on is seen in its report and on the board; stopped, its page rests', async () => {
  const out = temporaryFolder()
  let training: ChildProcess | undefined
  const run = runCli('repro', [tiny('endless'), '--seed', '1', '--engine', 'wasm', '--out', out], {
    onSpawn: (child) => {
      training = child
    },
  })
  const report = await until(() => {
    if (!existsSync(path.join(out, 'tiny/endless'))) return undefined
    const file = path.join(runFolder(out, 'endless'), 'report.html')
    return existsSync(file) ? file : undefined
  })
  expect(readFileSync(report, 'utf8')).toContain('<meta http-equiv="refresh"')

  let url = ''
  let server: ChildProcess | undefined
  const board = runCli('lab', ['board', out, '--port', '0'], {
    onSpawn(child) {
      server = child
      child.stdout!.on('data', (text) => {
        url = /^Board: (http:\S+)/.exec(String(text))?.[1] ?? url
      })
    },
  })
  await until(() => (url === '' ? undefined : url))
  const look = async () => (await fetch(url)).text()
  const epochOf = (page: string) => Number(/data-label="epoch">(\d+)\/100000</.exec(page)?.[1])
  const first = await look()
  expect(first).toContain('1 seed of 1 run; 1 is being trained.')
  await until(async () => (epochOf(await look()) > epochOf(first) ? true : undefined))

  const port = new URL(url).port
  const second = await runCli('lab', ['board', out, '--port', port])
  expect(second).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`[E_PORT] Another program uses port ${port}.`),
  })

  training!.kill('SIGTERM')
  expect(await run).toMatchObject({ code: 3 })
  expect(readFileSync(report, 'utf8')).not.toContain('<meta http-equiv="refresh"')
  expect(await look()).toContain('0 are being trained')
  server!.kill('SIGTERM')
  expect(await board).toMatchObject({ code: 0, signal: null })
  expect(readdirSync(path.dirname(report)).sort()).toEqual([
    'checkpoint-1.safetensors',
    'manifest.json',
    'report.html',
    'seed-1.jsonl',
  ])
})
