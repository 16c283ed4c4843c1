import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { normalizeRow } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import blurpool from '@tricklab/plugin-blurpool'
import ssa from '@tricklab/plugin-ssa'
import { beforeAll, expect, test } from 'vitest'
import { formatLeague, type League, readLeague } from '../src/index.ts'
import type { LogLine } from '../src/record/types.ts'
import { renderReport } from '../src/report/index.ts'
import { fakeRecord, writeFakeRecord } from './fake-record.ts'
import { tinyTable } from './tiny-table.ts'

const table = tinyTable(
  [blurpool, ssa],
  { seeds: [1, 2, 3] },
  {
    plain: {},
    helps: { change: { model: { slots: { attention: { use: 'ssa', where: 'stage1-last' } } } } },
    hurts: { change: { model: { slots: { pool: 'blurpool' } } } },
    nothing: { change: { batchSize: 8 } },
    once: { change: { batchSize: 4 } },
    elsewhere: { change: { batchSize: 2 } },
    untrained: { change: { batchSize: 1 } },
  },
)

interface Trained {
  readonly row: string
  /** Accuracies of seeds 1, 2, …; null: not finished. */
  readonly accuracies: readonly (number | null)[]
  /** Seconds of an epoch, of the plain row's. */
  readonly times?: number
  readonly precision?: string
  readonly hash?: string
}

/** A run of a row, with logs as if it had been trained. */
async function trained(out: string, { row, accuracies, times = 1, precision = 'f32', hash }: Trained): Promise<void> {
  const seeds = accuracies.map((_, index) => index + 1)
  const { manifest, logs } = fakeRecord({ table: 'tiny', row, seeds, trainSize: 44, batchSize: 16, epochs: 2 })
  const origin = { host: 'here', cpu: 'a', engine: 'wasm', version: '1', precision: 'f32', threads: 2, commit: null }
  for (const [index, accuracy] of accuracies.entries()) {
    const key = String(index + 1)
    logs[key] = logs[key]!.flatMap((line): LogLine[] => {
      if (line.event === 'start') return [{ ...line, origin }]
      if (line.event === 'epoch') return [{ ...line, seconds: 10 * times }]
      if (line.event !== 'end') return [line]
      return accuracy === null ? [] : [{ ...line, result: { loss: 1, accuracy }, peakMemoryMiB: 100 * times }]
    })
  }
  const own = {
    ...manifest,
    recipeHash: hash ?? normalizeRow(table, row).hash,
    engine: { ...manifest.engine, precision },
    status: Object.fromEntries(accuracies.map((value, index) => [index + 1, value === null ? 'failed' : 'done'])),
  } as typeof manifest
  const folder = path.join(out, 'tiny', row, `run-${hash === undefined ? 'now' : 'before'}`)
  await writeFakeRecord({ manifest: own, logs }, folder)
}

beforeAll(async () => {
  await prepareEngine('cpu')
})

const temporary = () => mkdtemp(path.join(tmpdir(), 'tricklab-league-'))
const read = (out: string) => readLeague(normalizeRow(table, 'plain'), { out, root: path.join(out, 'no-records') })

test('every row is set beside the baseline, the best first, and what is missing is said', async () => {
  const out = await temporary()
  const plain = [0.7, 0.71, 0.69] as const
  await trained(out, { row: 'plain', accuracies: plain })
  await trained(out, { row: 'helps', accuracies: [0.72, 0.73, 0.711], times: 2 })
  await trained(out, { row: 'hurts', accuracies: [0.68, 0.69, 0.671] })
  await trained(out, { row: 'nothing', accuracies: [0.701, 0.711, 0.689] })
  await trained(out, { row: 'once', accuracies: [0.9, null, null] })
  await trained(out, { row: 'elsewhere', accuracies: [0.9, 0.9, 0.9], precision: 'bf16' })
  // An earlier recipe of the row says nothing of today's.
  await trained(out, { row: 'untrained', accuracies: [0.9, 0.9, 0.9], hash: '0'.repeat(64) })

  const league = await read(out)
  expect(league).toMatchObject({ table: 'tiny', baseline: 'plain', metric: 'accuracy', seeds: [1, 2, 3], missing: [] })
  const found = (key: keyof League['rows'][number]) => league.rows.map((row) => [row.trick, row[key]])
  expect(found('outcome')).toEqual([
    ['once', 'open'],
    ['helps', 'helps'],
    ['nothing', 'nothing'],
    ['hurts', 'hurts'],
    ['elsewhere', 'open'],
    ['untrained', 'open'],
  ])
  expect(found('missing')).toEqual([
    ['once', [2, 3]],
    ['helps', []],
    ['nothing', []],
    ['hurts', []],
    ['elsewhere', [1, 2, 3]],
    ['untrained', [1, 2, 3]],
  ])
  const [once, helps] = league.rows as [League['rows'][number], League['rows'][number]]
  expect(once.difference).toMatchObject({ n: 1, interval: null })
  expect(helps.difference!.values.map((value) => value.toFixed(3))).toEqual(['0.020', '0.020', '0.021'])
  // Three pairs of one sign: 2 / 2³; four rows are compared.
  expect([helps.difference!.signFlipP, helps.correctedP]).toEqual([0.25, 1])
  // 4 × 4 weights and γ of the attention, which is counted and not read.
  expect(helps.params - league.work.params).toBe(17)
  expect(helps.ratios).toMatchObject({ seconds: 2, memory: 2, params: helps.params / league.work.params })

  const page = renderReport({ kind: 'league', league })
  expect(page).toContain('Of 4 tricks, 1 help, 1 hurt, 1 are worth nothing here, and 1 are open.')
  expect(page).toContain('<li><b>once</b>: seeds 2, 3</li>')
  expect(page.match(/class="lane-title"/g)).toHaveLength(4)
  expect(formatLeague(league)).toMatch(/^helps +helps +3 +\+2\.03 pp .* × 2\.00 +× 2\.00$/m)
  expect(formatLeague(league)).toContain('missing: untrained, seeds 1 to 3')
})

test('without a trained baseline there is nothing to compare with', async () => {
  await expect(read(await temporary())).rejects.toThrow(/\[E_RUN_UNKNOWN\] No seed of tiny\/plain has finished/)
})
