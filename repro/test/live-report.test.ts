import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { writeRunReport } from '../src/report/index.ts'
import { createLiveReport } from '../src/runner/live-report.ts'
import { fakeRecord, writeFakeRecord } from './fake-record.ts'

const refresh = '<meta http-equiv="refresh"'
const epoch = { epoch: 0, step: 1, train: {}, valid: {} }

let folder: string
const write = () => writeRunReport(folder)
const page = () => readFileSync(path.join(folder, 'report.html'), 'utf8')

/** A run whose last seed is being trained. */
beforeEach(async () => {
  const fake = fakeRecord({ seeds: [1, 2] })
  const log = fake.logs[2]!
  fake.manifest = { ...fake.manifest, ended: null, status: { '1': 'done', '2': 'running' } }
  fake.logs[2] = log.slice(0, log.findIndex(({ event }) => event === 'epoch') + 1)
  folder = await writeFakeRecord(fake)
})

describe('the report of a run that goes on', () => {
  test('is there after the first epoch, shows it, and reloads itself', async () => {
    const notices: unknown[] = []
    await createLiveReport(write, (event) => notices.push(event)).afterEpoch(epoch)
    expect(page()).toContain(refresh)
    expect(page()).toContain('1 of 2 seeds are done')
    expect(page()).toContain('data-seed="2"')
    expect(notices).toEqual([])
  })

  test('is not written again before a hundred times the writing has passed', async () => {
    // Begins and ends to write at 0 and 5, is refused at 504, and writes again from 505 on.
    const times = [0, 5, 504, 505, 510]
    const report = createLiveReport(
      write,
      () => {},
      () => times.shift()!,
    )
    const written = async () => {
      rmSync(path.join(folder, 'report.html'), { force: true })
      await report.afterEpoch(epoch)
      return existsSync(path.join(folder, 'report.html'))
    }
    expect([await written(), await written(), await written()]).toEqual([true, false, true])
    expect(times).toEqual([])
  })

  test('reloads itself no more when the run has ended, or was stopped', async () => {
    const file = path.join(folder, 'manifest.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...manifest, status: { '1': 'done', '2': 'stopped' } }))
    await writeRunReport(folder)
    expect(page()).not.toContain(refresh)
  })

  test('never ends a training: what is wrong is told once', async () => {
    writeFileSync(path.join(folder, 'manifest.json'), '{')
    const notices: string[] = []
    const report = createLiveReport(write, (event) => event.kind === 'notice' && notices.push(event.message))
    await report.afterEpoch(epoch)
    expect(notices).toEqual([expect.stringContaining('goes on without its page')])
    expect(existsSync(path.join(folder, 'report.html'))).toBe(false)
  })
})
