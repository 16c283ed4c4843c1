import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogFollower } from '../src/board/follow-log.ts'
import { findRuns, seedsOf } from '../src/board/seeds.ts'
import { type Board, serveBoard } from '../src/board/serve.ts'
import { tryLock } from '../src/process/file-lock.ts'
import { type FakeOptions, fakeRecord, writeFakeRecord } from './fake-record.ts'

const root = mkdtempSync(path.join(tmpdir(), 'tricklab-board-'))

async function addRun(folder: string, options: FakeOptions): Promise<string> {
  return writeFakeRecord(fakeRecord(options), path.join(root, folder))
}

/** The log of a seed up to its line `count`, as a run that goes on has it. */
function cut(folder: string, seed: number, count: number): { file: string; rest: string } {
  const file = path.join(folder, `seed-${seed}.jsonl`)
  const lines = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, `${lines.slice(0, count).join('\n')}\n`)
  return { file, rest: lines.slice(count).join('\n') }
}

describe('a log that is being written', () => {
  test('is read on from where it ended, cut back or not, as if it had been read at once', async () => {
    const folder = await addRun('followed/a/1', { seeds: [1], trainSize: 20_000, batchSize: 1000 })
    const whole = createLogFollower()(path.join(folder, 'seed-1.jsonl'))
    expect(whole.steps).toHaveLength(60)
    const { file, rest } = cut(folder, 1, 30)
    const follow = createLogFollower()
    expect(follow(file).steps).toHaveLength(28)
    expect(follow(file).end).toBeUndefined()
    // Half a line, then its other half.
    appendFileSync(file, rest.slice(0, 100))
    expect(follow(file).steps).toHaveLength(28)
    appendFileSync(file, rest.slice(100, 5000))
    follow(file)
    // A run that goes on from its checkpoint: shorter, then other lines.
    const text = readFileSync(file, 'utf8')
    truncateSync(file, text.lastIndexOf('"step":33'))
    cut(folder, 1, 34)
    expect(follow(file).steps.at(-1)!.step).toBe(32)
    appendFileSync(
      file,
      `{"event":"resume","step":32,"time":"2026-03-01T09:00:00.000Z"}\n${text.split('\n').slice(34).join('\n')}`,
    )
    appendFileSync(file, rest.slice(5000))
    const log = follow(file)
    expect(log.steps).toEqual(whole.steps)
    expect(log.epochs).toEqual(whole.epochs)
    expect(log.end).toEqual(whole.end)
  })

  test('that grew past where it was read after it was cut back is read anew', async () => {
    const folder = await addRun('followed/b/1', { seeds: [1], trainSize: 20_000, batchSize: 1000 })
    const file = path.join(folder, 'seed-1.jsonl')
    const text = readFileSync(file, 'utf8')
    const [follow, lines] = [createLogFollower(), text.split('\n')]
    writeFileSync(file, `${lines.slice(0, 10).join('\n')}\n`)
    follow(file)
    // One line longer, so that the old end lies inside a line.
    writeFileSync(
      file,
      `${lines[0]}\n{"event":"resume","step":0,"time":"2026-03-01T09:00:00.000Z"}\n${lines.slice(1).join('\n')}`,
    )
    expect(follow(file).steps).toHaveLength(60)
  })
})

describe('a seed that is being trained', () => {
  test('has so many images a second, and so much time left, as its steps and epochs say', async () => {
    const folder = await addRun('speed/a/1', { seeds: [1], epochs: 4, trainSize: 10_000, batchSize: 1000 })
    const file = path.join(folder, 'seed-1.jsonl')
    const origin = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!)
    const step = (at: number, seconds: number) => ({
      event: 'step',
      epoch: Math.floor((at - 1) / 10),
      step: at,
      size: 1000,
      loss: 2,
      learningRate: 0.1,
      seconds,
    })
    const steps = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => step(from + index, 2))
    const write = (...lines: object[]) =>
      writeFileSync(file, [origin, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''))
    const look = () => seedsOf(findRuns(path.join(root, 'speed'))[0]!, createLogFollower())[0]!
    write(...steps(1, 5))
    expect(look()).toMatchObject({ state: 'waiting', epochs: 4, stepsPerEpoch: 10, imagesPerSecond: 500 })
    expect(look().secondsLeft).toBeUndefined()

    // Locked by this process, which is then taken to train it.
    const taken = tryLock(path.join(folder, 'seed-1.lock'))
    expect(taken).toHaveProperty('lock')
    // As many images in validation as in training, each for a third of the time.
    expect(look()).toMatchObject({ state: 'running', secondsLeft: expect.closeTo(4 * 20 * (1 + 1 / 3) - 10, 6) })
    const scores = { loss: 2, accuracy: 0.5 }
    write(
      ...steps(1, 10),
      { event: 'epoch', epoch: 0, step: 10, train: scores, valid: scores, seconds: 24 },
      ...steps(11, 13),
    )
    expect(look().secondsLeft).toBeCloseTo(3 * 24 - 6, 6)
    if (process.platform === 'linux') expect(look().memoryMiB).toBeGreaterThan(10)
    if ('lock' in taken) taken.lock.release()
  })
})

describe('the board', () => {
  let board: Board
  const ask = async (place = '', init?: RequestInit) => {
    const response = await fetch(board.url + place, init)
    return { status: response.status, text: await response.text() }
  }

  beforeAll(async () => {
    await addRun('all/alpha/conv/1', { table: 'alpha', row: 'conv', seeds: [1, 2], accuracy: 0.8, sd: 0.01 })
    await addRun('all/alpha/wide/1', { table: 'alpha', row: 'wide', seeds: [1, 3], accuracy: 0.9, sd: 0.01 })
    await addRun('all/beta/<b>/1', { table: 'beta', row: '<b>', seeds: [1] })
    board = await serveBoard(path.join(root, 'all'), 0)
  })
  afterAll(() => board.close())

  test('shows every seed of every run, with its curves', async () => {
    const { status, text } = await ask()
    expect(status).toBe(200)
    expect(text).toContain('5 seeds of 3 runs; 0 are being trained.')
    expect(text.match(/<tr><th scope="row"/g)).toHaveLength(5)
    expect(text.match(/<title>[^<]*, validation accuracy/g)).toHaveLength(5)
    expect(text).not.toContain('<b>')
  })

  test.each([
    ['?table=alpha', '4 seeds of 2 runs'],
    ['?row=conv', '2 seeds of 1 run;'],
    ['?seed=3', '1 seed of 1 run;'],
    ['?table=beta&row=conv', 'There are no such runs yet.'],
  ])('filters: %s', async (query, expected) => {
    expect((await ask(query)).text).toContain(expected)
  })

  test('sets two runs against each other as `repro compare` does', async () => {
    const { text } = await ask('?run=alpha/wide/1&run=alpha/conv/1')
    expect(text).toContain('Difference of the means, first − second: −')
    expect(text.match(/<title>[^<]*, validation accuracy/g)).toHaveLength(4)
    expect(text.match(/ checked>/g)).toHaveLength(2)
  })

  test('shows the report of a run, and nothing else of the disk', async () => {
    expect((await ask('run?id=alpha/conv/1')).text).toContain('Configuration and environment')
    for (const place of ['run?id=..', 'run?id=/etc', 'run', 'manifest.json', '../package.json']) {
      expect((await ask(place)).status).toBe(404)
    }
  })

  test('is read-only, and of this machine alone', async () => {
    expect((await ask('', { method: 'POST', body: 'x' })).status).toBe(405)
    expect(new URL(board.url).hostname).toBe('127.0.0.1')
    const { port } = new URL(board.url)
    const status = await new Promise<number>((resolve, reject) => {
      import('node:http').then(({ get }) =>
        get({ port, host: '127.0.0.1', headers: { host: 'evil.example' } }, (response) => {
          response.resume()
          resolve(response.statusCode!)
        }).on('error', reject),
      )
    })
    expect(status).toBe(403)
  })

  test('passes over a run whose manifest is being written', async () => {
    const folder = await addRun('all/alpha/half/1', { table: 'alpha', row: 'half', seeds: [1] })
    writeFileSync(path.join(folder, 'manifest.json'), '{')
    expect((await ask()).text).toContain('5 seeds of 3 runs')
  })

  test('refuses a port that is taken, and a folder that is not there', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(serveBoard(root, port)).rejects.toThrow(
      new RegExp(`\\[E_PORT\\] Another program uses port ${port}\\. Expected: .* Fix: choose another one with --port`),
    )
    other.close()
    await expect(serveBoard(path.join(root, 'nowhere'), 0)).rejects.toThrow(/E_RUN_UNKNOWN.*no folder of runs/)
  })
})
