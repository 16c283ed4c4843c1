import sam from '@tricklab/plugin-sam'
import { describe, expect, test } from 'vitest'
import { prepareRows } from '../src/runner/run.ts'
import { evaluateAgain, runKilled, runWhole } from './row-run.ts'
import { tinyTable } from './tiny-table.ts'

const table = tinyTable(
  [sam],
  {
    optimizer: { use: 'sam', rho: 0.1, inner: { use: 'sgd', learningRate: 0.05, momentum: 0.9 } },
    schedule: 'one-cycle',
  },
  {
    uphill: {},
    // The row's change reaches the optimizer inside.
    slower: { change: { optimizer: { inner: { use: 'sgd', learningRate: 0.01 } } } },
    'no-way': { change: { optimizer: { rho: 0 } } },
    plain: { change: { optimizer: { use: 'sgd', learningRate: 0.05, momentum: 0.9 } } },
  },
)

describe('an optimizer that wraps another', () => {
  test('has its schedule from the rate of the inner one', async () => {
    const { record } = await runWhole(table, 'uphill')
    const rates = record.logs[0]!.steps.map(({ learningRate }) => learningRate)
    expect(Math.max(...rates)).toBeLessThanOrEqual(0.05)
    expect(Math.max(...rates)).toBeGreaterThan(0.04)
    const slower = prepareRows(table, ['slower'])[0]!.recipe.optimizer
    expect(slower).toMatchObject({ use: 'sam', rho: 0.1, inner: { use: 'sgd', learningRate: 0.01, momentum: 0.9 } })
  })

  test('without a way uphill is the inner one, bit by bit, with batch norm as well', async () => {
    const [still, plain, uphill] = [
      await runWhole(table, 'no-way'),
      await runWhole(table, 'plain'),
      await runWhole(table, 'uphill'),
    ]
    expect(still.lines).toEqual(plain.lines)
    expect(uphill.record.logs[0]!.end!.weights).not.toBe(plain.record.logs[0]!.end!.weights)
    expect((await evaluateAgain(table, 'uphill', uphill)).seeds).toMatchObject([{ equal: true }])
  })

  test('killed at any moment, a training ends the same', async () => {
    const { lines, batches } = await runWhole(table, 'uphill')
    for (const seed of [1, 2]) expect((await runKilled(table, 'uphill', batches, seed)).lines).toEqual(lines)
  })
})
