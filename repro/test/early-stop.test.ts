import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import earlyStop from '@tricklab/plugin-early-stop'
import { describe, expect, test } from 'vitest'
import { checkRecord } from '../src/check/check.ts'
import { runKilled, runWhole } from './row-run.ts'
import { tinyTable } from './tiny-table.ts'

/** Trained so fast that the loss rises after some epochs. */
const table = tinyTable(
  [earlyStop],
  {
    data: {
      dataset: { use: 'synthetic', classes: 3, channels: 1, imageSize: 8, noise: 2, trainSize: 44, validSize: 20 },
      normalize: { kind: 'none' },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'slowai-cnn', widths: [4, 4] },
    optimizer: { use: 'adamw', learningRate: 0.05 },
    callbacks: [{ use: 'early-stop', patience: 2 }],
    epochs: 30,
  },
  {
    early: {},
    staged: {
      stages: [{ epochs: 30 }, { epochs: 2, callbacks: [], batchSize: 11 }],
    },
  },
)

describe('a training that a callback ends', () => {
  test('is recorded with its reason, and scores with the weights that it ended with', async () => {
    const { record, lines, folder } = await runWhole(table, 'early')
    const { epochs, stops, end } = record.logs[0]!
    const losses = epochs.map(({ valid }) => valid.loss!)
    const best = losses.indexOf(Math.min(...losses))
    expect(epochs.length).toBe(best + 3)
    expect(epochs.length).toBeLessThan(30)
    expect(stops).toMatchObject([
      {
        epoch: best + 2,
        step: 3 * epochs.length,
        reason: `early-stop: loss has not been better than ${losses[best]} for 2 epochs`,
      },
    ])
    expect(end!.result).toEqual(epochs.at(-1)!.valid)

    for (const seed of [1, 2]) {
      const killed = await runKilled(table, 'early', 5 * epochs.length, seed)
      expect(killed.record.logs[0]!.resumes.length).toBeGreaterThan(0)
      expect(killed.lines).toEqual(lines)
    }

    // A record whose stop is not where its last epoch ended does not hold.
    const file = path.join(folder, 'seed-1.jsonl')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/^\{"event":"stop".*\n/m, ''))
    expect((await checkRecord(folder)).map(({ what }) => what).join()).toMatch(/epochs instead of 30/)
    writeFileSync(file, text.replace(/("event":"stop".*"step":)\d+/, '$11'))
    expect((await checkRecord(folder)).map(({ what }) => what).join()).toMatch(/stopped at step 1 .* no epoch ended/)
  })

  test('in one stage goes on with the next, whose epochs and steps follow', async () => {
    const { record, lines } = await runWhole(table, 'staged')
    const { epochs, stops } = record.logs[0]!
    const first = epochs.filter(({ stage }) => stage === 0).length
    expect(first).toBeLessThan(30)
    expect(stops).toMatchObject([{ stage: 0, epoch: first - 1 }])
    expect(epochs.map(({ epoch }) => epoch)).toEqual([...Array(first + 2).keys()])
    const killed = await runKilled(table, 'staged', 5 * epochs.length, 3)
    expect(killed.lines).toEqual(lines)
  })
})
