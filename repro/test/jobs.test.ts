import { mkdtempSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { defineTable, type Json } from '@tricklab/core'
import { normalizeRow, type TrainingTable } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { type Engine, prepareEngine } from '@tricklab/engine'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { tables } from '@tricklab/recipes'
import { beforeAll, describe, expect, test } from 'vitest'
import { planAblation } from '../src/ablation/plan.ts'
import { chooseTricks } from '../src/ablation/tricks.ts'
import { checkRecord } from '../src/check/check.ts'
import { readRecord } from '../src/record/read.ts'
import { type Executor, here } from '../src/runner/executor.ts'
import { type Job, runJob } from '../src/runner/job.ts'
import { findJobRow, nameRow } from '../src/runner/job-row.ts'
import { prepareRows, type RunOptions, runRow } from '../src/runner/run.ts'
import { fakeRecord, writeFakeRecord } from './fake-record.ts'

const table = defineTable({
  id: 'jobs',
  title: 'Jobs',
  source: 'nowhere',
  plugins: [data, nn, optim],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 3, imageSize: 8, trainSize: 24, validSize: 9 },
      normalize: { kind: 'none' },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'slowai-cnn', widths: [2, 2, 2, 2] },
    loss: 'cross-entropy',
    optimizer: { use: 'sgd', learningRate: 0.05 },
    schedule: 'constant',
    metrics: ['accuracy'],
    epochs: 1,
    batchSize: 8,
    seeds: [1, 2, 3],
  },
  rows: { row: {} },
})

let engine: Engine
beforeAll(async () => {
  engine = await prepareEngine('cpu')
})

function runWith(executor: Executor, more: Partial<RunOptions> = {}) {
  const [row] = prepareRows(table, ['row'])
  return runRow(row!, {
    engine,
    seeds: undefined,
    limits: {},
    out: mkdtempSync(path.join(tmpdir(), 'tricklab-jobs-')),
    resume: false,
    dataPaths: [],
    checkpointMinutes: 5,
    executor,
    reference: './jobs.ts',
    progress: () => {},
    signal: new AbortController().signal,
    ...more,
  })
}

describe('jobs', () => {
  test('are lines of JSON, whatever place they are given to, and a place may take its own order', async () => {
    const seen: Job[] = []
    const backwards: Executor = {
      async run(jobs, site) {
        for (const job of [...jobs].reverse()) {
          const line = JSON.stringify(job)
          expect(line).not.toContain('\n')
          seen.push(JSON.parse(line))
          await runJob(JSON.parse(line), site)
        }
        return jobs.map((job) => ({ job }))
      },
    }
    const { folder, manifest } = await runWith(backwards)
    expect(seen.map(({ seed }) => seed)).toEqual([3, 2, 1])
    expect(seen[0]).toMatchObject({ reference: './jobs.ts', row: 'row', engine: 'cpu', precision: 'f32', threads: 1 })
    expect(seen[0]).not.toHaveProperty('recipe')
    expect(manifest.ended).not.toBeNull()
    const weights = async (run: string) => (await readRecord(run)).logs.map(({ end }) => end!.weights)
    expect(await weights(folder)).toEqual(await weights((await runWith(here)).folder))
  })

  test('that fail leave the others alone, and the first error is the one of the run', async () => {
    const failing: Executor = {
      async run(jobs, site) {
        const [first, ...others] = jobs
        return [{ job: first!, error: new Error('lost') }, ...(await here.run(others, site))]
      },
    }
    const { error, folder, manifest } = await runWith(failing)
    expect(error).toEqual(new Error('lost'))
    expect(manifest.ended).toBeNull()
    const { logs } = await readRecord(folder)
    expect(logs.filter(({ end }) => end !== null).map(({ seed }) => seed)).toEqual([2, 3])
  })

  test('are not begun after the signal', async () => {
    const stop = new AbortController()
    const { folder, error } = await runWith(here, {
      signal: stop.signal,
      progress: ({ kind }) => kind === 'done' && stop.abort(),
    })
    expect(error).toBeUndefined()
    expect((await readRecord(folder)).logs.map(({ seed }) => seed)).toEqual([1])
  })
})

describe('a seed', () => {
  test('says in its log where it was trained', async () => {
    const { folder } = await runWith(here, { seeds: [1] })
    const { logs, manifest } = await readRecord(folder)
    const { commit, cpu } = manifest.environment
    const { version, threads } = engine
    expect(logs[0]!.start.origin).toEqual({
      ...{ host: hostname(), cpu, engine: 'cpu', version, precision: 'f32', threads, commit },
    })
    expect(await checkRecord(folder)).toEqual([])
  })

  const origin = { host: 'a', cpu: 'b', engine: 'wasm', version: '1.0.0', precision: 'f32', threads: 1, commit: null }
  test.each([
    ['another engine', { engine: 'cpu' }, 'engine is not that of the run'],
    ['another precision', { precision: 'bf16' }, 'engine is not that of the run'],
    ['no host', { host: '' }, 'origin is not possible'],
    ['no thread', { threads: 0 }, 'origin is not possible'],
    ['no commit', { commit: 'main' }, 'origin is not possible'],
  ])('with an origin of %s is refused', async (_, change, what) => {
    const record = fakeRecord({ seeds: [1] })
    const name = record.manifest.engine.name
    const [start, ...lines] = record.logs[1]!
    const problemsOf = async (own: object) => {
      const logs = {
        1: [{ ...start!, origin: { ...origin, engine: name, ...own } } as typeof start & object, ...lines],
      }
      return checkRecord(await writeFakeRecord({ ...record, logs }))
    }
    expect(await problemsOf({})).toEqual([])
    expect(await problemsOf(change)).toEqual([expect.objectContaining({ what: expect.stringContaining(what) })])
  })
})

describe('the row of a job', () => {
  const documented = tables.find(({ id }) => id === 'fashionmnist-resnets') as TrainingTable
  const row = normalizeRow(documented, 'conv')
  const sent = (job: ReturnType<typeof nameRow>) => JSON.parse(JSON.stringify(job)) as typeof job

  test('is that of its table', async () => {
    const found = await findJobRow(sent(nameRow(row, documented.id)))
    expect([found.hash, found.recipe]).toEqual([row.hash, row.recipe])
  })

  test('comes along where the table does not have it', async () => {
    const trick = chooseTricks(row, undefined)[0]!
    const variant = planAblation(row, [trick])[1]!.row
    const job = sent(nameRow(variant, documented.id))
    expect((await findJobRow(job)).recipe).toEqual(variant.recipe)
    const altered = { ...(job.recipe as { [key: string]: Json }), batchSize: 7 }
    await expect(findJobRow({ ...job, recipe: altered })).rejects.toThrow('E_JOB')
  })

  test('is refused where its recipe is another', async () => {
    const job = { ...nameRow(row, documented.id), recipeHash: '0'.repeat(64) }
    await expect(findJobRow(job)).rejects.toThrow(/E_JOB.*fashionmnist-resnets, row conv.*recipe 000000000000/)
  })
})
