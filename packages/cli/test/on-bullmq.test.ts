import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, fixture, runCli, temporaryFolder } from './run-cli.ts'
import { end, freePort, until } from './services.ts'
import { comparable, logLines, runFolder, tiny } from './tiny-runs.ts'

const hasRedis = spawnSync('redis-server', ['--version']).status === 0
const table = fixture('array.ts')

describe.skipIf(!hasRedis)('a queue on Redis', () => {
  let port: number
  let redis: ChildProcess
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tricklab-redis-'))
  const url = (password = 'secret') => `redis://:${password}@127.0.0.1:${port}`
  const start = async () => {
    const settings = {
      port,
      bind: '127.0.0.1',
      dir: folder,
      requirepass: 'secret',
      appendonly: 'yes',
      appendfsync: 'always',
    }
    const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, `${value}`])
    redis = spawn('redis-server', args, { stdio: 'ignore' })
    const ping = () => spawnSync('redis-cli', ['-p', `${port}`, '-a', 'secret', 'ping'], { encoding: 'utf8' })
    await until(() => ping().stdout.trim() === 'PONG', 'Redis')
  }
  beforeAll(async () => {
    port = await freePort()
    await start()
  })
  afterAll(() => end(redis))

  it('loses and doubles nothing: a worker is killed, and Redis as well', { timeout: 900_000 }, async () => {
    const [out, whole] = [temporaryFolder(), temporaryFolder()]
    const args = [table, '--engine', 'wasm', '--seeds', '2', '--out', out]
    const queued = await runCli('repro', [...args, '--on', 'bullmq', '--redis', url()])
    expect(queued.stderr).toMatch(/4 jobs are in the queue at redis:\/\/127\.0\.0\.1:\d+/)
    expect(queued.code, queued.stderr).toBe(0)
    expect(readFileSync(path.join(batchOf(out), 'batch.json'), 'utf8')).not.toContain('secret')
    const status = await runCli('repro', ['status', out, '--json'], { env: { TRICKLAB_REDIS: url() } })
    expect(status.json().runs[0].seeds[0]).toMatchObject({ state: 'waiting', place: 'bullmq waiting' })

    const workers: { readonly child: ChildProcess; readonly ended: Promise<CliResult> }[] = []
    const work = () => {
      let child: ChildProcess | undefined
      const ended = runCli('repro', ['worker', '--redis', url(), '--lease', '5'], { onSpawn: (own) => (child = own) })
      workers.push({ child: child!, ended })
    }
    work()
    const begun = (seed: number) =>
      existsSync(path.join(runFolder(out, 'plain', 'array'), `checkpoint-${seed}.safetensors`))
    await until(() => begun(1), 'the first seed', 120)
    workers[0]!.child.kill('SIGKILL')
    await end(redis, 'SIGKILL')
    await start()
    work()
    work()

    const collected = await runCli('repro', ['collect', table, '--out', out, '--wait'])
    expect(collected.code, collected.stderr).toBe(0)
    for (const { child } of workers.slice(1)) child.kill('SIGTERM')
    for (const { ended } of workers.slice(1)) expect(await ended).toMatchObject({ code: 0 })
    await runCli('repro', [table, '--engine', 'wasm', '--seeds', '2', '--out', whole])
    for (const row of ['plain', 'wide']) {
      for (const seed of [1, 2]) {
        const [there, here] = [out, whole].map((runs) => runFolder(runs, row, 'array'))
        expect(comparable(there!, seed)).toEqual(comparable(here!, seed))
      }
    }
    expect(logLines(runFolder(out, 'plain', 'array'), 1).map(({ event }) => event)).toContain('resume')
  })

  it('trains where the runs are not seen, and fetches the records', { timeout: 600_000 }, async () => {
    const [out, there, whole] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    const args = [tiny('plain'), '--engine', 'wasm', '--seeds', '2']
    const queued = await runCli('repro', [...args, '--out', out, '--on', 'bullmq', '--redis', url()])
    expect(queued.code, queued.stderr).toBe(0)
    const { token } = JSON.parse(readFileSync(path.join(batchOf(out, 'tiny'), 'batch.json'), 'utf8'))
    renameSync(out, `${out}.away`)
    let worker: ChildProcess | undefined
    let told = ''
    const ended = runCli('repro', ['worker', '--redis', url(), '--upload', there], {
      onSpawn: (own) => (worker = own),
      onStderr: (text) => {
        told += text
        if (['seed 1: done', 'seed 2: done'].every((words) => told.includes(words))) worker!.kill('SIGTERM')
      },
    })
    expect(await ended).toMatchObject({ code: 0 })
    renameSync(`${out}.away`, out)

    const env = { TRICKLAB_REDIS: url() }
    const status = await runCli('repro', ['status', out, '--json'], { env })
    expect(status.json().runs[0].seeds[0]).toMatchObject({ state: 'waiting', place: 'bullmq uploaded' })
    const redisCli = (...words: string[]) => {
      const { stdout } = spawnSync('redis-cli', ['-p', `${port}`, '-a', 'secret', ...words], { encoding: 'utf8' })
      expect(stdout.trim()).toMatch(/^(1|OK)$/)
    }
    const key = `tricklab:record:${token}-1`
    redisCli('COPY', key, 'kept')
    redisCli('SET', key, 'garbage')
    const damaged = await runCli('repro', ['collect', tiny('plain'), '--out', out], { env })
    expect(damaged.stderr).toContain('[E_RECORD] the uploaded record of plain seed 2 is empty')
    redisCli('COPY', 'kept', key, 'REPLACE')
    const collected = await runCli('repro', ['collect', tiny('plain'), '--out', out], { env })
    expect(collected.code, collected.stderr).toBe(0)
    await runCli('repro', [...args, '--out', whole])
    for (const seed of [1, 2]) {
      const [sent, here] = [out, whole].map((runs) => runFolder(runs, 'plain'))
      expect(comparable(sent!, seed)).toEqual(comparable(here!, seed))
    }
  })

  it('notes the code of a job that would not be the same training', { timeout: 300_000 }, async () => {
    const out = temporaryFolder()
    const queued = await runCli('repro', [
      ...[tiny('exploding'), '--engine', 'wasm', '--seeds', '1', '--out', out],
      ...['--on', 'bullmq', '--redis', url()],
    ])
    expect(queued.code, queued.stderr).toBe(0)
    const manifest = path.join(runFolder(out, 'exploding'), 'manifest.json')
    renameSync(manifest, `${manifest}.away`)
    let worker: ChildProcess | undefined
    const ended = runCli('repro', ['worker', '--redis', url()], {
      onSpawn: (own) => (worker = own),
      onStderr: (text) => text.includes('seed 1: [E_JOB]') && worker!.kill('SIGTERM'),
    })
    expect((await ended).stderr).toContain('[E_JOB]')
    renameSync(`${manifest}.away`, manifest)
    const status = await runCli('repro', ['status', out, '--json'], { env: { TRICKLAB_REDIS: url() } })
    expect(status.json().runs[0].seeds[0].place).toMatch(/^bullmq failed: \[E_JOB\] .*cannot read the manifest/)
  })

  it.each([
    [
      'a wrong password',
      () => url('wrong'),
      /\[E_PLACE\] .* cannot use the Redis at redis:\/\/127\.0\.0\.1:\d+: WRONGPASS/,
    ],
    [
      'no Redis',
      () => 'redis://127.0.0.1:1',
      /\[E_PLACE\] .* cannot use the Redis at redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    ],
    ['no URL', () => 'localhost', /\[E_ARGUMENT\] --redis is not of the right form/],
  ])('%s is told before anything is written', async (_, redisUrl, message) => {
    const out = temporaryFolder()
    const args = [tiny('plain'), '--engine', 'wasm', '--out', out, '--on', 'bullmq', '--redis', redisUrl()]
    const refused = await runCli('repro', args)
    expect(refused.stderr).toMatch(message)
    expect(refused.stderr).not.toMatch(/secret|wrong@/)
    expect(refused.code).toBe(2)
    expect(readdirSync(out)).toEqual([])
  })
})

function batchOf(out: string, table = 'array'): string {
  const parent = path.join(out, table)
  return path.join(parent, readdirSync(parent).find((name) => name.startsWith('jobs-'))!)
}
