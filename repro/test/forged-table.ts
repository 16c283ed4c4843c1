/** A small table of its own with everything that a record can hold, and sound records of its rows. */
import path from 'node:path'
import { definePlugin, defineTable } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { acceptRecord } from '../src/accepted/accepted.ts'
import { joinManifests } from '../src/accepted/join.ts'
import { currentRow } from '../src/check/current-row.ts'
import { rowHead } from '../src/record/row-head.ts'
import type { LogLine, Manifest } from '../src/record/types.ts'
import { type FakeRecord, fakeRecord, writeFakeRecord } from './fake-record.ts'

const own = definePlugin({
  name: 'own',
  core: '*',
  version: '1.0.0',
  register: (on) => [
    on.callback('watch', { doc: 'Does nothing.', options: {}, create: () => ({ beforeBatch() {} }) }),
    on.predictor('plain', {
      doc: 'The plain view.',
      options: {},
      create: () => ({ views: 1, combine: (plain) => plain }),
    }),
  ],
})

const stages = [
  { epochs: 2, batchSize: 8 },
  { epochs: 1, batchSize: 12 },
] as const

/** `full`: stages, a callback, a predictor; `plain`: nothing of these. */
export const forgedTable = defineTable({
  id: 'forged',
  title: 'A table for tests',
  source: 'nowhere',
  plugins: [data, nn, optim, own],
  base: {
    data: {
      dataset: { use: 'synthetic', classes: 5, imageSize: 12, trainSize: 20, validSize: 40 },
      normalize: { kind: 'none' },
      shuffle: true,
      dropLast: false,
    },
    model: { use: 'slowai-deeper-cnn', widths: [4, 4, 4, 4, 4] },
    loss: 'cross-entropy',
    optimizer: { use: 'adamw', learningRate: 0.01 },
    schedule: 'one-cycle',
    metrics: ['accuracy', { use: 'top-k-accuracy', k: 2 }],
    epochs: 3,
    batchSize: 8,
    seeds: [1, 2],
    tolerance: 0.05,
  },
  rows: {
    full: {
      change: { callbacks: ['watch'], predictor: 'plain' },
      stages,
      seeds: [1, 2, 3],
      note: 'A remark.',
      reported: { mean: 0.9, sd: 0.01, n: 3, leaderboard: 0.91, curve: { valid: { accuracy: [0.7, 0.8, null] } } },
    },
    plain: { seeds: [4, 5], reported: { runs: [0.9, 0.9] } },
  },
})

/** The nearest share of so many samples. */
const share = (value: number, samples: number) => Math.round(value * samples) / samples

function soundRecord(name: 'full' | 'plain', seeds: readonly number[]): FakeRecord {
  const row = normalizeRow(forgedTable, name)
  const record = fakeRecord({
    seeds,
    trainSize: 20,
    ...(name === 'full' ? { stages } : { epochs: 3, batchSize: 8 }),
    accuracy: 0.9,
  })
  const current = currentRow(row, record.manifest)
  const { classes, contents } = current.facts!
  const { train, valid, digests } = contents!
  record.manifest = {
    ...record.manifest,
    ...rowHead(row),
    dataset: { name: 'synthetic', digest: digests[0]!, train, valid, classes: classes!.length },
    hooks: current.hooks,
    environment: {
      ...record.manifest.environment,
      plugins: { data: '0.1.0', nn: '0.1.0', optim: '0.1.0', own: '1.0.0' },
    },
  }
  for (const lines of Object.values(record.logs)) possible(lines, name === 'full')
  return record
}

/** Gives a log shares of its samples, and what the row has beside steps and epochs. */
function possible(lines: LogLine[], full: boolean): void {
  const scores = (of: Readonly<Record<string, number>>, samples: number) => {
    const accuracy = share(of.accuracy!, samples)
    return { ...of, accuracy, 'top2-accuracy': share(Math.min(1, accuracy + 0.05), samples) }
  }
  for (const [index, line] of lines.entries()) {
    if (line.event === 'epoch') lines[index] = { ...line, train: scores(line.train, 20), valid: scores(line.valid, 40) }
  }
  const end = lines.pop() as Extract<LogLine, { event: 'end' }>
  const last = lines.at(-1) as Extract<LogLine, { event: 'epoch' }>
  if (!full) {
    lines.push({ ...end, result: last.valid })
    return
  }
  const result = { ...last.valid, loss: last.valid.loss! + 0.01 }
  lines.push({ event: 'predict', predictor: 'plain', result, seconds: 1 })
  // A minute was spent before it was resumed in the second epoch, within which no step is counted twice.
  const start = lines[0] as Extract<LogLine, { event: 'start' }>
  const second = lines.findIndex((line) => line.event === 'step' && line.epoch === 1)
  const time = (seconds: number) => new Date(Date.parse(start.time) + 1000 * seconds).toISOString()
  const step = (lines[second] as Extract<LogLine, { event: 'step' }>).step
  lines.splice(second + 1, 0, { event: 'resume', step, time: time(60) })
  lines.push({ ...end, result, seconds: end.seconds + 1, time: time(end.seconds + 61) })
}

function aDayLater(record: FakeRecord): FakeRecord {
  const later = (time: string) => new Date(Date.parse(time) + 86_400_000).toISOString()
  const { started, ended } = record.manifest
  const logs = Object.entries(record.logs).map(([seed, lines]) => [
    seed,
    lines.map((line) => ('time' in line ? { ...line, time: later(line.time) } : line)),
  ])
  return {
    manifest: { ...record.manifest, started: later(started), ended: later(ended!) },
    logs: Object.fromEntries(logs),
  }
}

/** Accepts a record of every row below `root`; that of `full` was joined of two runs. */
export async function writeForgedRecords(root: string): Promise<void> {
  const accept = (run: string, join = false) => acceptRecord(run, { root, tables: [forgedTable], join })
  await accept(await writeFakeRecord(soundRecord('plain', [4, 5])))
  const whole = soundRecord('full', [1, 2, 3])
  const part = (seeds: readonly number[]): FakeRecord => ({
    manifest: {
      ...whole.manifest,
      seeds,
      status: Object.fromEntries(seeds.map((seed) => [seed, 'done'])) as Manifest['status'],
    },
    logs: Object.fromEntries(seeds.map((seed) => [seed, whole.logs[seed]!])),
  })
  const first = part([1, 2])
  const second = aDayLater(part([3]))
  const manifest = joinManifests(first.manifest, second.manifest)
  const logs = { ...first.logs, ...second.logs }
  await accept(await writeFakeRecord({ manifest, logs }, path.join(root, '..', `${path.basename(root)}-run`)))
}
