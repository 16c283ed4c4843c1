import ema from '@tricklab/plugin-ema'
import { describe, expect, test } from 'vitest'
import { prepareRows } from '../src/runner/run.ts'
import { evaluateAgain, runKilled, runWhole } from './row-run.ts'
import { tinyTable } from './tiny-table.ts'

const table = tinyTable(
  [ema],
  { callbacks: [{ use: 'ema', decay: 0.8 }] },
  {
    averaged: {},
    plain: { change: { callbacks: [] } },
    staged: { change: { accumulate: 2 }, stages: [{ epochs: 2 }, { epochs: 1, batchSize: 11 }] },
    'staged-plain': { from: 'staged', change: { callbacks: [] } },
    'staged-handed-on': { from: 'staged', change: { callbacks: [{ use: 'ema', decay: 0.8, handOn: true }] } },
    twice: { change: { callbacks: ['ema', { use: 'ema', decay: 0.9 }] } },
  },
)

describe('averaged weights', () => {
  test('are what is scored, hashed and saved; the record says so', async () => {
    const [averaged, plain] = [await runWhole(table, 'averaged'), await runWhole(table, 'plain')]
    const [log, other] = [averaged.record.logs[0]!, plain.record.logs[0]!]
    expect(log.end!.weightsOf).toBe('ema')
    expect(other.end!).not.toHaveProperty('weightsOf')
    // Training takes no notice of it.
    expect(log.steps.map(({ loss }) => loss)).toEqual(other.steps.map(({ loss }) => loss))
    expect(log.end!.weights).not.toBe(other.end!.weights)
    expect(log.end!.result).not.toEqual(other.end!.result)
    // Whoever loads them gets what was scored.
    expect((await evaluateAgain(table, 'averaged', averaged)).seeds).toMatchObject([{ equal: true }])
  })

  test('of one stage are not what the next begins with, unless the row says so', async () => {
    const [staged, plain, handed] = [
      await runWhole(table, 'staged'),
      await runWhole(table, 'staged-plain'),
      await runWhole(table, 'staged-handed-on'),
    ]
    const lossesOf = (run: typeof staged) => run.record.logs[0]!.steps.map(({ loss }) => loss)
    expect(lossesOf(staged)).toEqual(lossesOf(plain))
    expect(staged.record.logs[0]!.end!.weightsOf).toBe('ema')
    expect(staged.record.logs[0]!.end!.weights).not.toBe(plain.record.logs[0]!.end!.weights)
    const firstOfSecond = 2 * 3
    expect(lossesOf(handed).slice(0, firstOfSecond)).toEqual(lossesOf(plain).slice(0, firstOfSecond))
    expect(lossesOf(handed)[firstOfSecond]).not.toBe(lossesOf(plain)[firstOfSecond])
  })

  test.each(['averaged', 'staged', 'staged-handed-on'])(
    '%s: killed at any moment, a training ends the same',
    async (name) => {
      const { lines, batches } = await runWhole(table, name)
      for (const seed of [1, 2, 3]) {
        const killed = await runKilled(table, name, batches, seed)
        expect(killed.record.logs[0]!.resumes.length).toBeGreaterThan(0)
        expect(killed.lines).toEqual(lines)
      }
    },
  )

  test('of two callbacks are refused before anything is trained', async () => {
    expect(prepareRows(table, ['twice'])).toHaveLength(1)
    await expect(runWhole(table, 'twice')).rejects.toThrow(/^\[E_EVALUATION_WEIGHTS\].*"ema" of plugin "ema"/)
  })
})
