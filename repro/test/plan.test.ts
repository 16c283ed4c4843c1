import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { normalizeRow, type Row } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { tables } from '@tricklab/recipes'
import { beforeAll, describe, expect, it } from 'vitest'
import { formatPlan } from '../src/plan/format-plan.ts'
import { makePlan, type PlanOptions } from '../src/plan/plan.ts'
import { rowHead } from '../src/record/row-head.ts'
import { type FakeOptions, fakeRecord, writeFakeRecord } from './fake-record.ts'

const temporary = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-plan-'))

function rowOf(name: string, id = 'fashionmnist-resnets'): Row {
  const table = tables.find((other) => other.id === id)
  if (table?.kind !== 'training') throw new Error('the table is gone')
  return normalizeRow(table, name)
}

/** A made-up record of a real row, where `parts` say. */
async function writeRecord(parts: readonly string[], name: string, options: FakeOptions, change: object = {}) {
  const record = fakeRecord({ accuracy: 0.896, sd: 0.002, ...options })
  const manifest = { ...record.manifest, ...rowHead(rowOf(name)), ...change }
  return writeFakeRecord({ ...record, manifest }, path.join(...parts))
}

/** The network is so large and fast that a forward MAC takes a third of a nanosecond. */
const reference = { network: 'a network', macs: 1e6, imagesPerSecond: { f32: 1000, bf16: 2000 } }

const planFor = (rows: readonly Row[], options: Partial<PlanOptions> = {}) =>
  makePlan(rows, {
    seeds: undefined,
    machines: 2,
    budget: undefined,
    out: temporary(),
    records: temporary(),
    dataPaths: [],
    progress: () => {},
    signal: new AbortController().signal,
    speed: async () => reference,
    ...options,
  })

beforeAll(async () => {
  await prepareEngine('cpu')
})

describe('a plan', () => {
  it('tells of every row what it takes here and as an array', async () => {
    const { rows, jobs, seconds, arraySeconds } = await planFor([rowOf('conv')])
    const aSeed = ((3 * 180_000 + 30_000) * 1_209_728) / (3 * 1e6 * 1000)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ row: 'conv', steps: 354, recorded: [], verdict: null, open: [1, 2, 3] })
    expect(rows[0]!.secondsASeed).toBeCloseTo(aSeed, 6)
    expect(jobs.map(({ reason }) => reason)).toEqual(['first seed', 'more seeds', 'more seeds'])
    expect(seconds).toBeCloseTo(3 * aSeed, 6)
    expect(arraySeconds).toBeCloseTo(2 * aSeed, 6)
  })

  it('asks once for the speed of the precisions that the rows have', async () => {
    const asked: unknown[] = []
    const speed = async (precisions: readonly string[]) => {
      asked.push(precisions)
      return reference
    }
    const rows = [rowOf('conv'), rowOf('residual'), rowOf('64-bf16', 'imagewoof-equivalence')]
    expect((await planFor(rows, { speed })).rows.map(({ precision }) => precision)).toEqual(['f32', 'f32', 'bf16'])
    await planFor(rows, { speed, precision: 'f32' })
    expect(asked).toEqual([['f32', 'bf16'], ['f32']])
  })

  it('leaves out rows whose mean is known to the tolerance, and widens those that are not', async () => {
    const records = temporary()
    await writeRecord([records, 'fashionmnist-resnets', 'conv'], 'conv', { seeds: [1, 2] })
    await writeRecord([records, 'fashionmnist-resnets', 'residual'], 'residual', { seeds: [1], accuracy: 0.912 })
    const { rows, jobs } = await planFor([rowOf('conv'), rowOf('residual')], { records })
    expect(rows).toMatchObject([
      { recorded: [1, 2], verdict: 'reproduced', open: [] },
      { recorded: [1], open: [2, 3] },
    ])
    expect(jobs.map(({ row, seed, reason }) => `${row} ${seed} ${reason}`)).toEqual([
      'residual 2 more seeds',
      'residual 3 more seeds',
    ])
  })

  it('takes the record of another recipe for none', async () => {
    const records = temporary()
    const stale = { recipeHash: 'f'.repeat(64) }
    await writeRecord([records, 'fashionmnist-resnets', 'conv'], 'conv', { seeds: [1, 2, 3] }, stale)
    expect((await planFor([rowOf('conv')], { records })).rows).toMatchObject([{ recorded: [], open: [1, 2, 3] }])
  })

  it('leaves out seeds that have finished below --out, of whole runs of this recipe alone', async () => {
    const out = temporary()
    const folder = (moment: string) => [out, 'fashionmnist-resnets', 'conv', moment]
    const run = await writeRecord(folder('2026-01-01'), 'conv', { seeds: [1, 2] })
    await writeRecord(folder('2026-01-02'), 'conv', { seeds: [3] }, { partial: { epochs: 1 } })
    await writeRecord(folder('2026-01-03'), 'conv', { seeds: [3] }, { recipeHash: 'f'.repeat(64) })
    // Stopped in the middle: its log has no end.
    const log = path.join(run, 'seed-2.jsonl')
    writeFileSync(log, readFileSync(log, 'utf8').split('\n').slice(0, 9).join('\n'))
    expect((await planFor([rowOf('conv')], { out })).rows).toMatchObject([{ finished: [1], open: [2, 3] }])
  })

  it('begins with the headlines that the recipes declare, whatever the order of the tables', async () => {
    const rows = [
      rowOf('conv'),
      rowOf('new-resblock', 'imagewoof-128-5'),
      rowOf('fastai2-maxpool', 'imagewoof-128-5'),
      rowOf('fastai2-maxblurpool', 'imagewoof-128-5'),
    ]
    const { jobs } = await planFor(rows, { seeds: [1, 2] })
    expect(jobs.map(({ row, seed }) => `${row} ${seed}`)).toEqual([
      'fastai2-maxblurpool 1',
      'fastai2-maxblurpool 2',
      'fastai2-maxpool 1',
      'fastai2-maxpool 2',
      'new-resblock 1',
      'new-resblock 2',
      'conv 1',
      'conv 2',
    ])
  })

  it('keeps to a budget and says what does not fit', async () => {
    const whole = await planFor([rowOf('conv')])
    const plan = await planFor([rowOf('conv')], { budget: 2.5 * whole.rows[0]!.secondsASeed })
    expect(plan.jobs.map(({ seed }) => seed)).toEqual([1, 2])
    expect(plan).toMatchObject({ left: 1, rows: [{ open: [1, 2, 3] }] })
    const text = formatPlan(plan)
    expect(text).toContain('1. fashionmnist-resnets/conv, seed 1: ')
    expect(text).toContain('1 more seed does not fit the budget of 9')
    expect(formatPlan(whole)).not.toContain('budget')
    expect(formatPlan(whole)).toMatch(/3 seeds: .* here, one after the other, or .* as an array of 2 machines\.$/)
    expect(formatPlan(await planFor([rowOf('conv')], { budget: 1e-9 }))).toContain('Order of work:\n  nothing')
  })
})
