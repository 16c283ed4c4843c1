import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CliOptions, runCli, temporaryFolder } from './run-cli.ts'
import { comparable, logLines, runFolder, tiny } from './tiny-runs.ts'

/** So slow that a seed of 18 steps would take an hour or so: budgets are then told apart. */
const told = ['--engine', 'wasm', '--images-per-second', '0.00001']
const planOf = async (...args: string[]) => (await runCli('repro', ['plan', ...args, ...told, '--json'])).json()

describe('repro plan', () => {
  it('says what a row takes and what is open, and trains nothing', async () => {
    const out = temporaryFolder()
    const plan = await planOf(tiny('plain'), '--out', out)
    expect(plan.rows).toMatchObject([{ table: 'tiny', row: 'plain', steps: 18, trainImages: 528, open: [1, 2] }])
    expect(plan.rows[0].peakMemoryMiB).toBe(null)
    expect(plan.rows[0].secondsASeed).toBeGreaterThan(60)
    expect(plan.jobs.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2])
    expect(existsSync(`${out}/tiny`)).toBe(false)
    const shown = await runCli('repro', ['plan', tiny('plain'), ...told, '--out', out, '--machines', '2'])
    expect(shown.code).toBe(0)
    expect(shown.stdout).toMatch(/^tiny\/plain +0\.02 M +18 .* 1, 2 /m)
    expect(shown.stdout).toContain('as an array of 2 machines.')
  })

  it('measures a few steps of the reference network where it is not told how fast this machine is', async () => {
    const { code, stderr, json } = await runCli('repro', ['plan', tiny('plain'), '--json'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/Timing 3 steps of xresnet50 on \w+ f32/)
    const { reference } = json()
    expect(reference.network).toBe('xresnet50 at 128 px')
    expect(reference.imagesPerSecond.f32).toBeGreaterThan(0)
    // 1.41 G, as `lab summary` says of imagenette-128-5/replication, which is the same network.
    expect(reference.macs / 1e9).toBeCloseTo(1.41, 2)
  })

  it.each([
    ['a budget without a unit', [tiny('plain'), '--budget', '8'], 'E_ARGUMENT', 'such as 8h, 90min or 1.5d'],
    ['a budget of nothing', [tiny('plain'), '--budget', '0h'], 'E_ARGUMENT', 'a duration above 0'],
    ['no machine', [tiny('plain'), '--machines', '0'], 'E_ARGUMENT', '--machines'],
    ['a list as a count', [tiny('plain'), '--seeds', '1,2'], 'E_ARGUMENT', 'how many seeds'],
    ['no speed', [tiny('plain'), '--images-per-second', '0'], 'E_ARGUMENT', 'a number above 0'],
    ['a table that is computed', ['fashionmnist-summary'], 'E_ARGUMENT', 'nothing to plan'],
    ['a table of measurements', ['ssa-complexity'], 'E_ARGUMENT', 'a table of measurements'],
    ['no such row', ['fashionmnist-resnets/cone'], 'E_ROW_UNKNOWN', 'conv'],
    ['no such records', [tiny('plain'), '--records', '/nowhere'], 'E_ARGUMENT', '/nowhere'],
    ['no such data', [tiny('plain'), '--data', '/nowhere'], 'E_ARGUMENT', '/nowhere'],
  ])('refuses %s', async (_name, args, code, text) => {
    for (const command of ['plan', 'run-plan']) {
      const { code: exit, stderr } = await runCli('repro', [command, ...args])
      expect(stderr).toContain(`[${code}]`)
      expect(stderr).toContain(text)
      expect(exit).toBe(2)
    }
  })
})

describe('repro run-plan', () => {
  it('trains what fits the budget; the next call goes on with what is left, then with nothing', async () => {
    const out = temporaryFolder()
    const args = ['run-plan', tiny('plain'), ...told, '--out', out, '--json']
    const { secondsASeed } = (await planOf(tiny('plain'), '--out', out)).rows[0]
    const budget = ['--budget', `${(1.5 * secondsASeed).toFixed(0)}s`]

    const first = await runCli('repro', [...args, ...budget])
    expect(first.code).toBe(0)
    expect(first.json()).toMatchObject({ jobs: [{ row: 'plain', seed: 1 }], rows: [{ row: 'plain', seeds: [1] }] })
    const second = await runCli('repro', [...args, ...budget])
    expect(second.json()).toMatchObject({ jobs: [{ seed: 2 }], rows: [{ seeds: [1, 2], verdict: 'reproduced' }] })
    const third = await runCli('repro', args)
    expect(third.code).toBe(0)
    expect(third.json()).toEqual({ jobs: [], rows: [] })
    // What a seed takes of memory is told once it was measured.
    const [{ peakMemoryMiB }] = (await planOf(tiny('plain'), '--out', out)).rows
    const measured = [1, 2].map((seed) => logLines(runFolder(out), seed).at(-1)!.peakMemoryMiB as number)
    expect(peakMemoryMiB).toBe(Math.max(...measured))

    // Both seeds stand in one run, with the bits of the plain command.
    const whole = temporaryFolder()
    await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--out', whole])
    for (const seed of [1, 2]) expect(comparable(runFolder(out), seed)).toEqual(comparable(runFolder(whole), seed))
  })

  it.skipIf(process.platform === 'win32')(
    'passes over rows that cannot be trained, and is stopped all the same',
    async () => {
      const out = temporaryFolder()
      const table = tiny('plain').replace(/#.*/, '')
      const { secondsASeed } = (await planOf(tiny('plain'))).rows[0]
      // Room for a seed of every row but the long one, and for some more.
      const args = ['run-plan', table, ...told, '--out', out, '--json', '--budget', `${Math.round(12 * secondsASeed)}s`]
      const stopped = await runCli(
        'repro',
        args,
        onceTold('[E_LOSS_NAN]', (child) => child.kill('SIGTERM')),
      )
      // `unfit` has no whole batch, `exploding` no finite loss, which are graver than a stop; but there is more to do.
      expect(stopped.stderr).toContain('[E_OPTION_RANGE]')
      expect(stopped.stderr).toContain('Go on with: pnpm repro run-plan')
      expect(stopped.code).toBe(3)
      const names = stopped.json().rows.map(({ row }: { row: string }) => row)
      expect(names).toEqual(['plain', 'impossible', 'undocumented', 'staged'])

      const again = await runCli('repro', [...args, '--seeds', '1'])
      expect(again.json().jobs.map(({ row }: { row: string }) => row)).toEqual(['unfit', 'exploding'])
      expect(again.code).toBe(4)
    },
  )

  it.skipIf(process.platform === 'win32')(
    'stops with exit code 3 on a signal, and goes on to the same bits',
    async () => {
      const [out, whole] = [temporaryFolder(), temporaryFolder()]
      const args = ['run-plan', tiny('plain'), ...told, '--out', out]
      const stopped = await runCli(
        'repro',
        args,
        onceTold('epoch 1/3', (child) => child.kill('SIGTERM')),
      )
      expect(stopped.code).toBe(3)
      expect(stopped.stderr).toContain('[E_INTERRUPTED]')
      expect(stopped.stderr).toContain(`Go on with: pnpm repro ${args.join(' ')}\n`)
      expect(existsSync(`${runFolder(out)}/seed-2.jsonl`)).toBe(false)

      expect((await runCli('repro', args)).code).toBe(0)
      expect(logLines(runFolder(out), 1).some(({ event }) => event === 'resume')).toBe(true)
      await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--out', whole])
      for (const seed of [1, 2]) expect(comparable(runFolder(out), seed)).toEqual(comparable(runFolder(whole), seed))
    },
  )
})

/** Does something once, as soon as standard error holds a text. */
function onceTold(wanted: string, act: (child: ChildProcess) => void): CliOptions {
  let [told, done] = ['', false]
  const onStderr: CliOptions['onStderr'] = (text, child) => {
    told += text
    if (done || !told.includes(wanted)) return
    done = true
    act(child)
  }
  return { onStderr }
}
