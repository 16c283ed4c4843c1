import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliOptions, runCli, temporaryFolder, tsx } from './run-cli.ts'
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

describe.skipIf(process.platform === 'win32')('a launcher that ends without a word', () => {
  const longRun = (out: string) => [tiny('long'), '--engine', 'wasm', '--seeds', '1', '--out', out]

  /** Runs the command below a script that starts it in a shell and relays no signal; ends the script after the first step. */
  async function launchedBy(script: string, out: string) {
    const file = path.join(temporaryFolder(), script)
    writeFileSync(
      file,
      `const { spawn } = require('node:child_process')
       spawn('sh', ['-c', process.argv.slice(2).join(' ') + '; true'], { stdio: 'inherit' })`,
    )
    const words = ['--import', tsx, path.resolve('packages/cli/src/bin/repro.ts'), ...longRun(out)]
    const launcher = spawn(process.execPath, [file, process.execPath, ...words.map((word) => `'${word}'`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let told = ''
    launcher.stderr.on('data', (text) => {
      told += text
      if (told.includes('epoch 1/')) launcher.kill('SIGTERM')
    })
    launcher.stdout.resume()
    // Once nobody holds the other end of its output any more, all that it started has ended.
    await new Promise((resolve) => launcher.on('close', resolve))
    return { told, signal: launcher.signalCode }
  }

  it('lets the run save and end, where it was a package manager', async () => {
    const out = temporaryFolder()
    const { told, signal } = await launchedBy('npx-cli.js', out)
    expect(signal).toBe('SIGTERM')
    expect(told).toContain('The command that started this run is gone: stopping after this step and saving.')
    expect(told).toContain('[E_INTERRUPTED]')
    expect(readdirSync(runFolder(out, 'long'))).toContain('checkpoint-1.safetensors')
  })

  it('lets the run go on, where it was none: whoever starts a run in a script of their own may leave it', async () => {
    const out = temporaryFolder()
    const { told, signal } = await launchedBy('start-in-background.js', out)
    expect(signal).toBe('SIGTERM')
    expect(told).toContain('Report:')
  })
})
