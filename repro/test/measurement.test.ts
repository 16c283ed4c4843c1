import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { listPlugins } from '@tricklab/core/plugin'
import type { MeasurementTable, ScalingTable, StepTimeTable } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptedMeasurements } from '../src/accepted/accepted.ts'
import { checkAcceptedRecords } from '../src/accepted/check-accepted.ts'
import { listRows } from '../src/accepted/list.ts'
import { acceptMeasurement } from '../src/measurement/accept.ts'
import { checkMeasurement as checkRead } from '../src/measurement/check.ts'
import { judgeClaim } from '../src/measurement/judge.ts'
import { judgeMeasurement, measuredOf } from '../src/measurement/read.ts'
import { measuredHash, readMeasurement, writeMeasurement } from '../src/measurement/record.ts'
import { blocksOf, seriesOf } from '../src/measurement/scaling.ts'
import type { MeasurementRecord, Sample } from '../src/measurement/types.ts'
import { renderClaimTable, renderReport } from '../src/report/index.ts'

function find(id: string): MeasurementTable {
  const table = tables.find((other) => other.id === id)
  if (table?.kind !== 'measurement') throw new Error(`no table ${id}`)
  return table
}

const scaling = find('ssa-complexity') as ScalingTable
const stepTime = find('imagewoof-epoch-time-128') as StepTimeTable

function record(table: MeasurementTable, samples: readonly Sample[]): MeasurementRecord {
  const digest = 'a'.repeat(64)
  return {
    schema: 1,
    table: table.id,
    title: table.title,
    source: table.source,
    measuredHash: measuredHash(table),
    measured: JSON.parse(JSON.stringify(measuredOf(table))),
    engine: { name: 'native', version: '1', device: 'cpu', threads: 2, precision: 'f32', details: '' },
    environment: {
      node: 'v20.20.0',
      tfjs: '4.22.0',
      os: 'Linux',
      cpu: 'a processor',
      cores: 2,
      memoryGiB: 8,
      commit: null,
      dirty: null,
      lockfile: digest,
      plugins: Object.fromEntries(listPlugins(table.plugins).map(({ name }) => [name, '0.1.0'])),
    },
    loadAtStart: 0.1,
    turns: 2,
    steps: 2,
    partial: false,
    started: '2026-03-01T09:00:00.000Z',
    ended: '2026-03-01T09:01:00.000Z',
    samples,
  }
}

const [channels, positions] = ['channels-time', 'positions-time'].map((row) => seriesOf(blocksOf(scaling)[row]![0]!))

/** Two turns of two passes; the second pass of each was disturbed. */
const costs = (series: string, quantity: Sample['quantity'], cost: (n: number) => number): Sample[] =>
  scaling.sides.map((side) => {
    const seconds = cost(side ** 2)
    const turns = [1, 1.01].map((drift) => [seconds * drift, 7 * seconds])
    return { series, quantity, side, turns: quantity === 'memory' ? [[seconds]] : turns }
  })

/** As the multiply-adds say. */
const ideal: Sample[] = [
  ...costs(channels!, 'time', (n) => 1e-12 * 3 * 256 ** 2 * n),
  ...costs(positions!, 'time', (n) => 1e-12 * (256 ** 2 * n + 2 * 256 * n ** 2)),
  ...costs(channels!, 'memory', (n) => n),
  ...costs(positions!, 'memory', (n) => n ** 2),
]

const verdicts = (table: MeasurementTable, samples: readonly Sample[], change: Partial<MeasurementRecord> = {}) =>
  Object.fromEntries(
    judgeMeasurement(table, { ...record(table, samples), ...change }).map(({ row, verdict }) => [row, verdict]),
  )

describe('the claims about growth', () => {
  test('hold for the costs that the multiply-adds say; a disturbed pass does not count', () => {
    expect(verdicts(scaling, ideal)).toEqual({
      'channels-time': 'reproduced',
      'positions-time': 'reproduced',
      'channels-memory': 'measured',
      'positions-memory': 'measured',
      'cheaper-above-channels': 'reproduced',
    })
    const rows = judgeMeasurement(scaling, record(scaling, ideal))
    expect(rows[0]!.measured).toBeCloseTo(1, 6)
    expect(rows[2]!.measured).toBeCloseTo(1, 6)
    expect(rows[3]!.measured).toBeCloseTo(2, 6)
  })

  test('fail when the orders are exchanged', () => {
    const exchanged = ideal.map((sample) => ({
      ...sample,
      series: sample.series === channels ? positions! : channels!,
    }))
    expect(verdicts(scaling, exchanged)).toMatchObject({
      'channels-time': 'falls-short',
      'positions-time': 'exceeds',
      'cheaper-above-channels': 'falls-short',
    })
  })

  test('are open where turns do not agree', () => {
    const torn = ideal.map((sample) =>
      sample.series === channels && sample.side === 24 ? { ...sample, turns: [[1e-12], [1]] } : sample,
    )
    expect(verdicts(scaling, torn)['cheaper-above-channels']).toBe('inconclusive')
  })
})

describe('the ratios of step times', () => {
  const times = (seconds: Readonly<Record<string, readonly number[]>>): Sample[] =>
    Object.entries(seconds).map(([series, turns]) => ({
      series,
      quantity: 'train',
      side: null,
      turns: turns.map((turn) => [turn, turn]),
    }))
  /** The source's own ratios, on a machine twice as fast that slows down by half in the second turn. */
  const documented = Object.fromEntries(
    Object.entries(stepTime.rows).map(([row, { reported }]) => {
      const seconds = reported!.secondsPerEpoch / 2
      return [row, [seconds, 1.5 * seconds]]
    }),
  )

  test('are taken within a turn, so that a slower machine changes nothing', () => {
    const rows = judgeMeasurement(stepTime, record(stepTime, times(documented)))
    expect(rows.map(({ row }) => row)).toEqual(Object.keys(stepTime.rows).filter((row) => row !== stepTime.reference))
    for (const { verdict, measured, reported, interval } of rows) {
      expect(verdict).toBe('reproduced')
      expect(measured).toBeCloseTo(reported!, 10)
      expect(interval!.high - interval!.low).toBeCloseTo(0, 10)
    }
    expect(rows[0]!.reported).toBeCloseTo(78 / 75, 10)
  })

  test('exceed when a variant costs less than documented, fall short when more, and are open when turns differ', () => {
    const [seconds] = documented['new-block-ssa']!
    const of = (change: readonly number[]) =>
      verdicts(stepTime, times({ ...documented, 'new-block-ssa-mish': change }))['new-block-ssa-mish']
    expect(of([0.8 * seconds!, 1.2 * seconds!])).toBe('exceeds')
    expect(of([1.4 * seconds!, 2.1 * seconds!])).toBe('falls-short')
    expect(of([0.8 * seconds!, 1.8 * seconds!])).toBe('inconclusive')
  })

  test('have no verdict where rows were left out', () => {
    expect(new Set(Object.values(verdicts(stepTime, times(documented), { partial: true })))).toEqual(
      new Set(['partial']),
    )
  })
})

test('a claim is reproduced just when number and interval are within the tolerance', () => {
  const numbers = fc.record({
    measured: fc.double({ min: -2, max: 4, noNaN: true }),
    reach: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(numbers, ({ measured, reach }) => {
      const { verdict } = judgeClaim({
        ...{ row: 'a', metric: 'b', reported: 1, measured, tolerance: 0.25, better: null, partial: false },
        interval: { low: measured - reach, high: measured + reach },
        remark: undefined,
      })
      if (reach > 0.2501) expect(verdict).toBe('inconclusive')
      else if (reach < 0.2499) expect(verdict === 'reproduced').toBe(Math.abs(measured - 1) <= 0.25)
    }),
  )
})

describe('the record of a measured table', () => {
  const folder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-test-'))
  const write = (change: Partial<MeasurementRecord> = {}) =>
    writeMeasurement(folder(), { ...record(scaling, ideal), ...change })
  const checkMeasurement = (run: string) => checkRead(readMeasurement(run), run, { tables })
  const accept = (run: string, root: string) => acceptMeasurement(run, root, tables)
  const edit = (run: string, from: string, to: string) => {
    const file = path.join(run, 'measurement.json')
    const before = readFileSync(file, 'utf8')
    expect(before).toContain(from)
    writeFileSync(file, before.replace(from, to))
  }

  test('holds as it was written, and can be accepted, checked and listed', async () => {
    const run = await write()
    expect(checkMeasurement(run)).toEqual([])
    const root = folder()
    expect(await accept(run, root)).toBe(path.join(root, scaling.id))
    const accepted = acceptedMeasurements(root)
    expect(accepted.map(({ table }) => table.id)).toEqual([scaling.id])
    expect(renderClaimTable(accepted)).toMatch(
      /^\| ssa-complexity \| channels-time \| exponent of time \| 1\.000 \| 1\.000 \(0\.9\d+ to 1\.0\d+\) \| 0\.250 \| ✓\u00a0reproduced \| native f32, cpu \|$/m,
    )
    expect(await checkAcceptedRecords({ root })).toMatchObject({
      ok: true,
      items: [{ table: scaling.id, row: 'all rows' }],
    })
    const { items } = await listRows(root)
    expect(items.find(({ row }) => row === 'positions-time')).toMatchObject({
      kind: 'measurement',
      reported: '2.000',
      status: 'reproduced (native)',
    })
    expect(items.find(({ row }) => row === 'new-block-ssa')?.status).toBe('not yet run')
  })

  const problems: [string, Partial<MeasurementRecord>, RegExp][] = [
    ['rows left out', { partial: true }, /rows were left out/],
    ['another hash', { measuredHash: 'b'.repeat(64) }, /hash is not that/],
    ['no figures for a row', { samples: ideal.filter(({ quantity }) => quantity === 'time') }, /no figures for/],
    ['a table that is gone', { table: 'nothing' }, /no table nothing/],
  ]
  test.each(problems)('does not hold with %s', async (_name, change, message) => {
    const run = await write(change)
    expect(
      checkMeasurement(run)
        .map(({ what }) => what)
        .join('\n'),
    ).toMatch(message)
    await expect(accept(run, folder())).rejects.toThrow('[E_RECORD]')
  })

  test('does not hold when a claim falls short, a key is unknown, or the file is cut', async () => {
    const exchanged = ideal.map((sample) => ({
      ...sample,
      series: sample.series === channels ? positions! : channels!,
    }))
    expect(checkMeasurement(await write({ samples: exchanged }))[0]!.what).toMatch(/channels-time falls short/)
    const unknown = await write()
    edit(unknown, '"turns":2,', '"turns":2,"more":1,')
    expect(() => readMeasurement(unknown)).toThrow(/more: unknown key/)
    const cut = await write()
    edit(cut, '"schema":1,', '"schema":1')
    expect(() => readMeasurement(cut)).toThrow(/is not JSON/)
  })

  test('is a page without a script', () => {
    const page = renderReport({ kind: 'measurement', table: scaling, record: record(scaling, ideal) })
    expect(page).toContain('Time of a pass')
    expect(page).toContain('order channels: exponent 1.00')
    expect(page).not.toContain('<script')
    expect(page).not.toContain('NaN')
  })
})
