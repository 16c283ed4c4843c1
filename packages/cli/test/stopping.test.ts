import type { ChildProcess } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CliOptions, runCli, temporaryFolder } from './run-cli.ts'
import { comparable, logLines, runFolder, tiny } from './tiny-runs.ts'

const argumentsFor = (out: string, ...more: string[]) => [
  tiny('plain'),
  ...['--engine', 'wasm', '--seeds', '1', '--out', out],
  ...more,
]

/** Does something once, as soon as the first step was told. */
function afterFirstStep(act: (child: ChildProcess) => void): CliOptions {
  let done = false
  const onStderr: CliOptions['onStderr'] = (text, child) => {
    if (done || !text.includes('epoch 1/3')) return
    done = true
    act(child)
  }
  return { onStderr }
}

describe('progress that nobody reads', () => {
  it('does not end a run: standard error is closed after its first line', async () => {
    const out = temporaryFolder()
    const closed = await runCli(
      'repro',
      argumentsFor(out),
      afterFirstStep((child) => child.stderr!.destroy()),
    )
    expect(closed.code).toBe(0)
    expect(logLines(runFolder(out), 1).at(-1)).toMatchObject({ event: 'end' })
  })

  it('does not end a run in processes of its own', async () => {
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--jobs', '2', '--out', out]
    const closed = await runCli(
      'repro',
      args,
      afterFirstStep((child) => child.stderr!.destroy()),
    )
    expect(closed.code).toBe(0)
    for (const seed of [1, 2]) expect(logLines(runFolder(out), seed).at(-1)).toMatchObject({ event: 'end' })
  })
})

describe.skipIf(process.platform === 'win32')('a signal', () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('%s saves and exits 3, and --resume gives the same bits', async (name) => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    // Service managers signal every process, launchers relay: what comes twice at once is still one wish to stop.
    const twice = afterFirstStep((child) => {
      child.kill(name)
      setTimeout(() => child.kill(name), 50)
    })
    const stopped = await runCli('repro', argumentsFor(out), twice)
    expect(stopped.stderr).toContain('[E_INTERRUPTED]')
    expect(stopped.code).toBe(3)
    const command = `pnpm repro ${argumentsFor(out).join(' ')} --resume`
    expect(stopped.stderr).toContain(`Resume with: ${command}\n`)
    expect(readdirSync(runFolder(out))).toContain('checkpoint-1.safetensors')

    const resumed = await runCli('repro', argumentsFor(out, '--resume'))
    expect(resumed.code).toBe(0)
    await runCli('repro', argumentsFor(whole))
    expect(comparable(runFolder(out), 1)).toEqual(comparable(runFolder(whole), 1))
  })

  it('that reaches every process of a run lets all of them save', async () => {
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--jobs', '2', '--out', out]
    const stopped = await runCli('repro', args, {
      detached: true,
      ...afterFirstStep((child) => process.kill(-child.pid!, 'SIGTERM')),
    })
    expect(stopped.code).toBe(3)
    expect(stopped.stderr).not.toContain('[E_WORKER]')
    const resumed = await runCli('repro', [...args, '--resume'])
    expect(resumed.code).toBe(0)
  })
})
