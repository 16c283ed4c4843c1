import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliResult, fixture, runCli, temporaryFolder } from './run-cli.ts'
import { comparable, runFolder, tiny } from './tiny-runs.ts'

const rows = fixture('rows.ts')

/** Writes the jobs of a table below `out`. Returns their folder. */
async function listJobs(out: string, target: string, ...more: string[]) {
  const listed = await runCli('repro', [target, '--engine', 'wasm', '--on', 'list', '--out', out, ...more])
  expect(listed.code, listed.stderr).toBe(0)
  const [table] = readdirSync(out)
  const folders = readdirSync(path.join(out, table!)).filter((name) => name.startsWith('jobs-'))
  expect(folders).toHaveLength(1)
  return { folder: path.join(out, table!, folders[0]!), stderr: listed.stderr }
}

const waiting = (seed: number) => ({ seed, state: 'waiting', where: null, step: null, epoch: null, place: null })

const tokenOf = (folder: string) => JSON.parse(readFileSync(path.join(folder, 'batch.json'), 'utf8')).token

describe('jobs that are handed over', () => {
  it('are listed for all rows, train one by one in any order, and give the bits of a run here', {
    timeout: 600_000,
  }, async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const { folder, stderr } = await listJobs(out, rows, '--epochs', '1')
    expect(stderr).toContain(`4 jobs are in ${folder}.`)
    const train = async (index: number) => {
      const job = await runCli('repro', ['job', folder, `${index}`, '--token', tokenOf(folder)])
      expect(job.code, job.stderr).toBe(0)
    }
    await train(3)
    const { runs } = (await runCli('repro', ['status', out, '--json'])).json()
    expect(runs).toMatchObject([
      { row: 'plain', seeds: [waiting(1), waiting(2)] },
      { row: 'wide', seeds: [waiting(1), { seed: 2, state: 'done', step: 6, epoch: 1 }] },
    ])
    const some = await runCli('repro', ['collect', rows, '--out', out, '--json'])
    expect(some.json()).toMatchObject({ rows: [{ row: 'wide', seeds: [2] }], missing: { length: 3 } })
    expect(some.stderr).toContain('[E_UNFINISHED] Seeds have not finished yet: rows/plain seed 1: waiting')
    expect(some.code).toBe(3)

    const all = runCli('repro', ['collect', rows, '--out', out, '--wait', '--json'])
    for (const index of [0, 1, 2]) await train(index)
    expect(await all).toMatchObject({ code: 0, stderr: expect.stringContaining('rows/plain seed 2: done') })
    expect((await all).json().rows).toMatchObject([{ seeds: [1, 2] }, { seeds: [1, 2] }])
    const here = await runCli('repro', [rows, '--engine', 'wasm', '--epochs', '1', '--out', whole])
    expect(here.code, here.stderr).toBe(0)
    for (const row of ['plain', 'wide']) {
      const run = runFolder(out, row, 'rows')
      const manifest = JSON.parse(readFileSync(path.join(run, 'manifest.json'), 'utf8'))
      expect(manifest).toMatchObject({ status: { 1: 'done', 2: 'done' }, ended: expect.any(String) })
      for (const seed of [1, 2]) {
        expect(comparable(run, seed)).toEqual(comparable(runFolder(whole, row, 'rows'), seed))
      }
    }

    // A second delivery changes nothing.
    const log = path.join(runFolder(out, 'plain', 'rows'), 'seed-1.jsonl')
    const before = readFileSync(log, 'utf8')
    expect((await runCli('repro', ['job', folder, '0'])).code).toBe(0)
    expect(readFileSync(log, 'utf8')).toBe(before)
  })

  it('go on where they were stopped, with exit code 3', async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const { folder } = await listJobs(out, tiny('plain'), '--seeds', '1')
    let told = false
    const stopped = await runCli('repro', ['job', folder, '0'], {
      onStderr(text, child) {
        if (told || !text.includes('epoch 1/3')) return
        told = true
        child.kill('SIGTERM')
      },
    })
    expect(stopped.stderr).toContain('[E_INTERRUPTED]')
    expect(stopped.code).toBe(3)
    expect((await runCli('repro', ['job', folder, '0'])).code).toBe(0)
    await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seeds', '1', '--out', whole])
    expect(comparable(runFolder(out), 1)).toEqual(comparable(runFolder(whole), 1))
  })

  it.skipIf(process.platform === 'win32')('that are given out twice are trained once', async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const { folder } = await listJobs(out, tiny('plain'), '--seeds', '1')
    let first: ChildProcess | undefined
    let second: Promise<CliResult> | undefined
    const ended = runCli('repro', ['job', folder, '0'], {
      onStderr(text, child) {
        if (second !== undefined || !text.includes('epoch 1/3')) return
        first = child
        first.kill('SIGSTOP')
        second = runCli('repro', ['job', folder, '0'], {
          onStderr: (said) => said.includes('waiting for process') && first!.kill('SIGCONT'),
        })
      },
    })
    expect(await ended).toMatchObject({ code: 0 })
    expect(await second).toMatchObject({ code: 0, stderr: expect.stringContaining(`process ${first!.pid} on`) })
    await runCli('repro', [tiny('plain'), '--engine', 'wasm', '--seeds', '1', '--out', whole])
    expect(comparable(runFolder(out), 1)).toEqual(comparable(runFolder(whole), 1))
  })

  it('are refused, with the name of the machine, where they would not be the same training', async () => {
    const out = temporaryFolder()
    const { folder } = await listJobs(out, tiny('plain'), '--seeds', '1')
    const refused = async (folder: string, index: number, ...more: string[]) => {
      const { code, stderr } = await runCli('repro', ['job', folder, `${index}`, ...more])
      expect(code).toBe(2)
      expect(stderr).toContain('[E_JOB]')
      expect(stderr).toContain(hostname())
      return stderr
    }
    expect(await refused(folder, 1)).toMatch(/Expected: an index from 0 to 0\. Received: 1\./)
    expect(await refused(folder, 0, '--token', 'another')).toMatch(/sees another folder/)
    expect(await refused(path.join(out, 'nowhere'), 0)).toMatch(/cannot read the jobs in/)

    const change = async (file: string, from: RegExp, to: string) => {
      const text = readFileSync(path.join(folder, file), 'utf8')
      writeFileSync(path.join(folder, file), text.replace(from, to))
      const stderr = await refused(folder, 0)
      writeFileSync(path.join(folder, file), text)
      return stderr
    }
    const zeros = '0'.repeat(64)
    expect(await change('batch.json', /("lockfile": )"\w+"/, `$1"${zeros}"`)).toMatch(/Other versions of packages/)
    expect(await change('jobs.jsonl', /("recipeHash":)"\w+"/, `$1"${zeros}"`)).toMatch(/recipe 000000000000/)
    const manifest = path.relative(folder, path.join(runFolder(out), 'manifest.json'))
    expect(await change(manifest, /("digest": )"\w+"/, `$1"${zeros}"`)).toMatch(/The dataset of .* is another/)
    expect(existsSync(path.join(runFolder(out), 'seed-1.jsonl'))).toBe(false)
  })

  it.each([
    [['--on', 'list', '--jobs', '2'], '--jobs'],
    [['--on', 'list', '--json'], '--json'],
    [['--on', 'list', '--array-limit', '2'], '--array-limit'],
    [['--', '--partition=cpu'], '"--partition=cpu"'],
  ])('%j is refused', async (args, received) => {
    const { code, stderr } = await runCli('repro', [tiny('plain'), '--out', temporaryFolder(), ...args])
    expect(stderr).toContain(`Received: ${received}.`)
    expect(code).toBe(2)
  })
})
