import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { drawDogPhotos } from './dog-photos.ts'
import { fixture, runCli, temporaryFolder } from './run-cli.ts'

const table = fixture('views.ts')

const logOf = (run: string) =>
  readFileSync(path.join(run, 'seed-1.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const only = (folder: string) => path.join(folder, readdirSync(folder)[0]!)

// Each test runs several commands, each a process that opens the photos anew.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let data: string
let plain: string
let views: string
const common = () => ['--engine', 'wasm', '--data', data]

beforeAll(async () => {
  data = await drawDogPhotos()
  const out = temporaryFolder()
  const { code, stderr } = await runCli('repro', [table, ...common(), '--out', out])
  if (code !== 0) throw new Error(stderr)
  plain = only(path.join(out, 'views', 'plain'))
  views = only(path.join(out, 'views', 'views'))
})

const evaluate = (run: string, ...args: string[]) =>
  runCli('lab', ['evaluate', run, '--table', table, '--data', data, ...args, '--json'])

describe('a row with a predictor', () => {
  it('ends with the scores of the predictor, after those of the last epoch', () => {
    const [epoch, predict, end] = logOf(views).slice(-3)
    expect(predict).toMatchObject({ event: 'predict', predictor: 'tta' })
    expect(end.result).toEqual(predict.result)
    expect(end.result.loss).not.toBe(epoch.valid.loss)
    // The training does not know of it.
    expect(epoch.valid).toEqual(logOf(plain).at(-2).valid)
    expect(end.weights).toBe(logOf(plain).at(-1).weights)
  })

  it('that is killed while it predicts ends the same when resumed', async () => {
    const out = temporaryFolder()
    const args = [`${table}#views`, ...common(), '--out', out]
    const killed = await runCli('repro', args, {
      onStderr: (text, child) => text.includes('seed 1, tta') && child.kill('SIGKILL'),
    })
    expect(killed.signal).toBe('SIGKILL')
    const run = only(path.join(out, 'views', 'views'))
    expect(logOf(run).at(-1).event).not.toBe('end')
    expect((await runCli('repro', [...args, '--resume'])).code).toBe(0)
    const lines = logOf(run).slice(-2)
    const wanted = logOf(views).slice(-2)
    expect(lines[0].result).toEqual(wanted[0].result)
    expect([lines[1].result, lines[1].weights]).toEqual([wanted[1].result, wanted[1].weights])
  })
})

it('a network that is exported says how photos are cut for it', async () => {
  const folder = path.join(temporaryFolder(), 'network')
  const args = ['export', plain, '--table', table, '--data', data, '--format', 'tfjs', '--out', folder]
  const { code, stderr } = await runCli('lab', args)
  expect([code, stderr]).toEqual([0, expect.stringContaining('Exported: ')])
  const { userDefinedMetadata } = JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8'))
  expect(JSON.parse(userDefinedMetadata.crop)).toEqual({
    use: 'resize-center-crop',
    size: 16,
    margin: 32,
    smallImages: expect.any(String),
  })
  expect(userDefinedMetadata.imageShape).toBe('[16,16,3]')
})

describe('lab evaluate', () => {
  it('finds what the run recorded, bit by bit, with and without the predictor of the row', async () => {
    for (const run of [plain, views]) {
      const result = await evaluate(run)
      expect(result.stderr).toContain('Equal to the record, bit by bit.')
      const { seeds, differences, predictor } = result.json()
      expect(seeds).toEqual([
        { seed: 1, recorded: logOf(run).at(-1).result, evaluated: logOf(run).at(-1).result, equal: true },
      ])
      expect(differences).toEqual([])
      expect(predictor?.use).toBe(run === views ? 'tta' : undefined)
    }
  })

  it('--with tta gives what a row with that predictor ends with', async () => {
    const { seeds } = (await evaluate(plain, '--with', 'tta', '--views', '4')).json()
    expect(seeds[0].evaluated).toEqual(logOf(views).at(-1).result)
    expect(seeds[0].recorded).toEqual(logOf(plain).at(-1).result)
    const single = (await evaluate(plain, '--with', 'tta', '--views', '1', '--beta', '1')).json()
    // Only the plain view counts, up to the rounding of its logarithms.
    expect(single.seeds[0].evaluated.accuracy).toBe(seeds[0].recorded.accuracy)
    expect(single.seeds[0].evaluated.loss).toBeCloseTo(seeds[0].recorded.loss, 5)
  })

  it('refuses what it cannot score, and says why', async () => {
    const refusals: [string[], RegExp][] = [
      [[plain, '--with', 'tat'], /E_ARGUMENT.*no predictor "tat".*did you mean "tta"/s],
      [[plain, '--views', '2'], /E_ARGUMENT.*--with tta/s],
      [[plain, '--with', 'tta', '--beta', '2'], /E_OPTION_RANGE/],
      [[plain, '--seed', '7'], /E_RUN_UNKNOWN.*no finished seed 7.*one of 1/s],
    ]
    const own = await runCli('lab', ['evaluate', plain, '--data', data])
    expect(own.stderr).toMatch(/E_TABLE_UNKNOWN.*"views", which does not ship with Tricklab.*--table \.\/my-table\.ts/)
    expect(own.code).toBe(2)
    await Promise.all(
      refusals.map(async ([[run, ...args], message]) => {
        const { code, stderr } = await evaluate(run!, ...args)
        expect(stderr).toMatch(message)
        expect(code).toBe(2)
      }),
    )
    const unknown = await runCli('lab', ['evaluate', plain, '--data', data])
    expect(unknown.stderr).toMatch(/E_TABLE_UNKNOWN/)
  })

  it('refuses weights that are gone or altered', async () => {
    const copy = temporaryFolder()
    cpSync(plain, copy, { recursive: true })
    const file = path.join(copy, 'seed-1.safetensors')
    const bytes = readFileSync(file)
    // The lowest bit of the last weight.
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1
    writeFileSync(file, bytes)
    expect((await evaluate(copy)).stderr).toMatch(/E_CHECKPOINT_(CORRUPT|MISMATCH)/)
    rmSync(file)
    expect((await evaluate(copy)).stderr).toMatch(/E_RUN_UNKNOWN.*no weights/s)
  })
})
