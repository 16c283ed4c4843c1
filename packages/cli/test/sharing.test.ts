import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, runCli, temporaryFolder } from './run-cli.ts'
import { comparable, runFolder, tiny } from './tiny-runs.ts'

const run = (out: string, ...more: string[]) => [tiny('plain'), '--engine', 'wasm', '--out', out, ...more]

const manifestOf = (folder: string) => JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'))

/** Starts a run and halts it after its first step, so that it is at work for as long as a test wants. */
async function halted(out: string, ...more: string[]) {
  let child: ChildProcess | undefined
  let ended: Promise<CliResult> | undefined
  await new Promise<void>((resolve) => {
    ended = runCli('repro', run(out, ...more), {
      onStderr(text, process) {
        if (child !== undefined || !text.includes('epoch 1/3')) return
        child = process
        child.kill('SIGSTOP')
        resolve()
      },
    })
  })
  return {
    pid: child!.pid!,
    end(signal?: NodeJS.Signals) {
      if (signal !== undefined) child!.kill(signal)
      child!.kill('SIGCONT')
      return ended!
    },
  }
}

describe.skipIf(process.platform === 'win32')('two processes at one run', () => {
  it('the second is refused, told of the first, and does no harm to it', async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const first = await halted(out, '--seeds', '1')
    const before = readFileSync(path.join(runFolder(out), 'manifest.json'), 'utf8')
    const second = await runCli('repro', run(out, '--seeds', '1', '--resume'))
    expect(second.stderr).toMatch(/\[E_RUN_LOCKED\] Another process is training seed 1 of plain.* Fix:/)
    expect(second.stderr).toContain(`process ${first.pid} on `)
    expect(second.code).toBe(2)
    expect(readFileSync(path.join(runFolder(out), 'manifest.json'), 'utf8')).toBe(before)

    expect(await first.end()).toMatchObject({ code: 0, stderr: expect.stringContaining('Report:') })
    await runCli('repro', run(whole, '--seeds', '1'))
    expect(comparable(runFolder(out), 1)).toEqual(comparable(runFolder(whole), 1))
    expect(readdirSync(runFolder(out)).filter((name) => name.includes('.lock'))).toEqual([])
  })

  it('a lock and half-written files left by a killed process stand in nobody’s way and are removed', async () => {
    const out = temporaryFolder()
    const first = await halted(out, '--seeds', '1')
    const folder = runFolder(out)
    expect(readdirSync(folder)).toContain('seed-1.lock')
    expect((await first.end('SIGKILL')).signal).toBe('SIGKILL')
    for (const name of ['checkpoint-1.safetensors', 'seed-1.safetensors', 'manifest.json']) {
      writeFileSync(path.join(folder, `${name}.4711-${crypto.randomUUID()}.tmp`), 'half')
    }
    const resumed = await runCli('repro', run(out, '--seeds', '1', '--resume'))
    expect(resumed.code).toBe(0)
    expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'report.html', 'seed-1.jsonl', 'seed-1.safetensors'])
  })

  it('may train other seeds of it: the manifest loses neither', async () => {
    const out = temporaryFolder()
    const first = await halted(out, '--seeds', '1')
    const other = await runCli('repro', run(out, '--seed', '99', '--resume'))
    expect(other.code).toBe(0)
    expect(other.stderr).toContain('seed 1 of this run is not done, so there is no verdict yet')
    expect(await first.end()).toMatchObject({ code: 0, stderr: expect.stringContaining('Report:') })
    const { seeds, status, ended } = manifestOf(runFolder(out))
    expect([...seeds].sort()).toEqual([1, 99])
    expect(status).toEqual({ 1: 'done', 99: 'done' })
    expect(ended).not.toBeNull()
  })
})

const damages: [string, (file: string) => void][] = [
  ['null', (file) => writeFileSync(file, 'null')],
  ['of another form', (file) => writeFileSync(file, '{"schema":1}')],
]
if (process.platform === 'linux') damages.push(['EIO', (file) => symlinkSync('/proc/self/mem', file)])

describe('a run folder that fails', () => {
  it('and is removed while training ends the run with a code of its own', async () => {
    const out = temporaryFolder()
    const lost = await runCli('repro', run(out, '--seeds', '1'), {
      onStderr: (text) => text.includes('epoch 1/3') && rmSync(runFolder(out), { recursive: true, force: true }),
    })
    expect(lost.stderr).toMatch(/\[E_RUN_LOST\] The run folder .* was removed while plain seed 1 .* Fix:/)
    expect(lost.stderr).not.toMatch(/E_HOOK|E_INTERNAL/)
    expect(lost.code).toBe(3)
  })

  // The start of this file cannot be read or written: EIO, on every Linux.
  it.skipIf(process.platform !== 'linux')('to give a log (EIO) is told of before anything is trained', async () => {
    const out = temporaryFolder()
    await runCli('repro', run(out, '--seeds', '1'))
    symlinkSync('/proc/self/mem', path.join(runFolder(out), 'seed-2.jsonl'))
    const failed = await runCli('repro', run(out, '--seeds', '2', '--resume'))
    expect(failed.stderr).toMatch(/\[E_RUN_UNKNOWN\] .*seed-2\.jsonl cannot be read: EIO.*Fix:/)
    expect(failed.code).toBe(2)
  })

  it.each(damages)(
    'to give its manifest (%s) is passed over by --resume, and refused by report',
    async (_name, damage) => {
      const out = temporaryFolder()
      const broken = path.join(out, 'tiny', 'plain', '2026-01-01T00-00-00')
      mkdirSync(broken, { recursive: true })
      damage(path.join(broken, 'manifest.json'))
      const resumed = await runCli('repro', run(out, '--seeds', '1', '--epochs', '1', '--resume'))
      expect(resumed.stderr).toMatch(/2026-01-01T00-00-00 is passed over: its manifest\.json cannot be read/)
      expect(resumed.code).toBe(0)
      for (const args of [
        ['report', broken],
        ['accept', broken],
      ]) {
        const refused = await runCli('repro', args)
        expect(refused.stderr).toMatch(/\[E_(RECORD|RUN_UNKNOWN)\]/)
      }
    },
  )
})

it('a start that fails leaves no folder behind', async () => {
  const out = temporaryFolder()
  const failed = await runCli('repro', [tiny('unfit'), '--engine', 'wasm', '--out', out])
  expect(failed.code).toBe(2)
  expect(readdirSync(out)).toEqual([])
})
