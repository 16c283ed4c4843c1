import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'
import { until } from './services.ts'
import { hasSlurm, type Slurm, startSlurm } from './slurm.ts'
import { comparable, logLines, runFolder, tiny } from './tiny-runs.ts'

const table = fixture('array.ts')

describe.skipIf(!hasSlurm)('an array of Slurm', () => {
  let slurm: Slurm
  beforeAll(async () => {
    slurm = await startSlurm()
  })
  afterAll(() => slurm.stop())

  it('gives the bits of a run here, though one job is preempted and another killed', { timeout: 900_000 }, async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const { env } = slurm
    const args = [
      table,
      '--engine',
      'wasm',
      '--out',
      out,
      '--on',
      'slurm',
      '--array-limit',
      '2',
      '--',
      '--partition=main',
    ]
    const submitted = await runCli('repro', args, { env })
    expect(submitted.stderr).toMatch(/Slurm has 6 jobs as array \d+/)
    expect(submitted.code, submitted.stderr).toBe(0)
    const id = /array (\d+)/.exec(submitted.stderr)![1]!
    const status = await runCli('repro', ['status', out, '--json'], { env })
    const seeds = status.json().runs.flatMap((run: { seeds: { place: string }[] }) => run.seeds)
    expect(seeds.map(({ place }: { place: string }) => place)).toContainEqual(
      expect.stringMatching(new RegExp(`^slurm ${id}_\\d (PENDING|RUNNING|CONFIGURING)`)),
    )

    const file = (name: string) => path.join(runFolder(out, 'plain', 'array'), name)
    const training = (seed: number) => existsSync(file(`checkpoint-${seed}.safetensors`))
    await until(() => training(1), 'the first seed', 120)
    slurm.call('scontrol', 'requeue', `${id}_0`)
    await until(() => training(2), 'the second seed', 120)
    process.kill(JSON.parse(readFileSync(file('seed-2.lock'), 'utf8')).pid, 'SIGKILL')

    const collected = await runCli('repro', ['collect', table, '--out', out, '--wait', '--json'], { env })
    expect(collected.code, collected.stderr).toBe(0)
    expect(collected.json().rows).toHaveLength(2)
    await runCli('repro', [table, '--engine', 'wasm', '--out', whole])
    for (const row of ['plain', 'wide']) {
      for (const seed of [1, 2, 3]) {
        const [there, here] = [out, whole].map((folder) => runFolder(folder, row, 'array'))
        expect(comparable(there!, seed)).toEqual(comparable(here!, seed))
      }
    }
    for (const seed of [1, 2]) {
      const events = logLines(runFolder(out, 'plain', 'array'), seed).map(({ event }) => event)
      expect(events).toContain('resume')
    }
  })

  it('is refused with the words of sbatch where an option of the site is wrong', async () => {
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--out', out, '--on', 'slurm', '--', '--partition=nowhere']
    const refused = await runCli('repro', args, { env: slurm.env })
    expect(refused.stderr).toMatch(/\[E_PLACE\] sbatch on .* refused\..*invalid partition.*Fix:/i)
    expect(refused.code).toBe(2)
  })
})

it('no sbatch is told before anything is written', async () => {
  const out = temporaryFolder()
  const args = [tiny('plain'), '--engine', 'wasm', '--out', out, '--on', 'slurm']
  const refused = await runCli('repro', args, { env: { PATH: out } })
  expect(refused.stderr).toMatch(/\[E_PLACE\] There is no sbatch on .* Fix:/)
  expect(refused.code).toBe(2)
  expect(readdirSync(out)).toEqual([])
})
