import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { documented, type FakeOptions, type FakeRecord, fakeRecord, writeFakeRecord } from '../../test/fake-record.ts'
import { readRecord } from '../record/read.ts'
import { lineShapes } from '../record/schema.ts'
import { type LogLine, logKeys, type Manifest } from '../record/types.ts'
import { type CheckOptions, checkRecord } from './check.ts'
import type { CurrentRow } from './current-row.ts'

/** Small enough to read: 2 epochs of 3 batches (4, 4, 2), 2 seeds. */
const small: FakeOptions = { seeds: [1, 2], epochs: 2, trainSize: 10, batchSize: 4, sd: 0.0001 }
const folders: string[] = []

async function write(record: FakeRecord): Promise<string> {
  const folder = await writeFakeRecord(record)
  folders.push(folder)
  return folder
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const tenClasses = Array.from({ length: 10 }, (_, index) => `class ${index}`)

function rowOf({ manifest }: FakeRecord): CurrentRow {
  const { table, title, source, row, recipeHash, recipe, reported, tolerance, seeds, dataset, hooks, metrics } =
    manifest
  return {
    head: { table, title, source, row, recipeHash, recipe, reported, tolerance, ...(metrics && { metrics }) },
    seeds,
    facts: { classes: tenClasses, contents: { train: 10, valid: 10_000, digests: [dataset.digest], exhaustive: true } },
    datasetName: dataset.name,
    precision: 'f32',
    hooks,
    plugins: { known: ['data', 'nn', 'optim'], used: ['data', 'nn', 'optim'] },
    trainSize: 10,
    validSize: 10_000,
    staged: false,
    predictor: undefined,
    stages: [{ epochs: 2, batchSize: 4, dropLast: false }],
  }
}

/** A row of which the head has changed since. */
const changed = (record: FakeRecord, head: Partial<CurrentRow['head']>): CurrentRow => {
  const row = rowOf(record)
  return { ...row, head: { ...row.head, ...head } }
}

type Editable<T> = { -readonly [K in keyof T]: T[K] }
const manifestOf = (record: FakeRecord) => record.manifest as Editable<Manifest>

/** The nth line of an event of seed 1, free to be altered. */
function lineOf<E extends LogLine['event']>(record: FakeRecord, event: E, index = 0) {
  return record.logs['1']!.filter((line) => line.event === event)[index] as Editable<Extract<LogLine, { event: E }>>
}

describe('reading', () => {
  test('gives manifest, steps, epochs and results of every seed, with line numbers', async () => {
    const folder = await write(fakeRecord(small))
    const { manifest, logs } = await readRecord(folder)
    expect(manifest.row).toBe('conv')
    expect(logs.map(({ seed }) => seed)).toEqual([1, 2])
    expect(logs[0]!.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    expect(logs[0]!.epochs.map(({ line }) => line)).toEqual([5, 9])
    expect(logs[0]!.end!.result.accuracy).toBeCloseTo(0.897, 2)
  })

  test('a folder without a manifest is no record', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tricklab-record-'))
    folders.push(folder)
    await expect(readRecord(folder)).rejects.toThrow('E_RUN_UNKNOWN')
    await expect(readRecord(path.join(folder, 'nowhere'))).rejects.toThrow('E_RUN_UNKNOWN')
  })

  test('a seed that is being written may end in half a line, or not have begun', async () => {
    const record = fakeRecord(small)
    manifestOf(record).status = { '1': 'running' }
    record.logs = { '1': record.logs['1']!.slice(0, 4) }
    const folder = await write(record)
    await appendFile(path.join(folder, 'seed-1.jsonl'), '{"event":"st')
    const { logs } = await readRecord(folder)
    expect(logs).toHaveLength(1)
    expect(logs[0]!.steps).toHaveLength(3)
    expect(logs[0]!.end).toBeNull()
  })

  const edits: [string, (folder: string) => Promise<void>, RegExp][] = [
    ['a broken manifest', (folder) => writeFile(path.join(folder, 'manifest.json'), '{'), /manifest\.json is not JSON/],
    ['a manifest of another kind', (f) => writeFile(path.join(f, 'manifest.json'), '[]'), /expected an object/],
    ['another schema', editManifest('"schema": 1', '"schema": 2'), /schema: expected one of 1, received 2/],
    ['an unknown key', editManifest('"table"', '"tabel"'), /table: missing[\s\S]*tabel: unknown key/],
    ['a wrong type', editManifest('"cores": 4', '"cores": "4"'), /environment\.cores: expected a whole number/],
    ['a hash that is none', editManifest('"recipeHash": "', '"recipeHash": "x'), /recipeHash: expected a SHA-256/],
    ['an unknown status', editManifest('"1": "done"', '"1": "fine"'), /status\.1: expected one of running/],
    ['a time that is none', editManifest('"started": "2026', '"started": "day'), /started: expected a time/],
    ['a broken line', editLog('"event":"step",', '"event":"step",,'), /seed-1\.jsonl, line 2: not JSON/],
    ['an empty line', editLog('\n', '\n\n'), /seed-1\.jsonl, line 2: the line is empty/],
    ['an unknown event', editLog('"event":"step"', '"event":"hop"'), /line 2: unknown event "hop"/],
    ['an event that every object has', editLog('"event":"step"', '"event":"constructor"'), /line 2: unknown event/],
    ['a line that is no object', editLog('{"event":"step"', 'null\n{"event":"step"'), /line 2: unknown event/],
    ['an unknown key in a line', editLog('"size"', '"sise"'), /line 2: size: missing/],
    ['a loss that was NaN', editLog(/"loss":[\d.]+/, '"loss":null'), /line 2: loss: expected a number, received null/],
    ['a missing first line', editLog(/.*\n/, ''), /line 1: the log begins with "step" instead of "start"/],
    ['two starts', editLog(/(.*\n)/, '$1$1'), /line 2: a second "start"/],
    ['another seed', editLog('"seed":1', '"seed":7'), /line 1: seed 7 instead of 1/],
    ['lines after the end', editLog(/(.*\n)$/, '$1$1'), /line 11: "end" after the end/],
    ['a missing last newline', editLog(/\n$/, ''), /line 10 is cut short/],
    ['an empty log', editLog(/[\s\S]*/, ''), /seed-1\.jsonl is empty/],
    ['a missing log', (folder) => rm(path.join(folder, 'seed-2.jsonl')), /seed-2\.jsonl is missing/],
    [
      'a log of no seed',
      (folder) => writeFile(path.join(folder, 'seed-9.jsonl'), ''),
      /seed-9\.jsonl belongs to no seed/,
    ],
  ]
  test.each(edits)('%s is refused', async (_, edit, message) => {
    const folder = await write(fakeRecord(small))
    await edit(folder)
    await expect(readRecord(folder)).rejects.toThrow(message)
    const problems = await checkRecord(folder)
    expect(problems.map(({ code }) => code)).toContain('E_RECORD')
  })

  test('a file full of errors is summed up', async () => {
    const folder = await write(fakeRecord(small))
    await writeFile(path.join(folder, 'seed-1.jsonl'), 'x\n'.repeat(500))
    await expect(readRecord(folder)).rejects.toThrow('491 more problems')
  })

  test('shapes and the list of keys agree', () => {
    for (const [event, keys] of Object.entries(logKeys)) {
      const line = Object.fromEntries([...keys, 'surprise'].map((key) => [key, null]))
      const unknown = lineShapes[event as LogLine['event']](line, '').filter((text) => text.endsWith('unknown key'))
      expect(unknown).toEqual(['surprise: unknown key'])
    }
  })
})

describe('checking', () => {
  test('a sound record has no problems, with a recipe at hand and without', async () => {
    const record = fakeRecord(small)
    const folder = await write(record)
    expect(await checkRecord(folder, rowOf(record))).toEqual([])
    expect(await checkRecord(folder)).toEqual([])
  })

  test('a sound record may leave out an incomplete batch, and may have been resumed', async () => {
    const record = fakeRecord({ ...small, dropLast: true })
    record.logs['1']!.splice(3, 0, { event: 'resume', step: 2, time: '2026-03-01T09:00:01.500Z' })
    const stages = [{ epochs: 2, batchSize: 4, dropLast: true }]
    expect(await checkRecord(await write(record), { ...rowOf(record), stages })).toEqual([])
  })

  const corruptions: [string, (record: FakeRecord) => void, RegExp][] = [
    ['an altered recipe', (r) => Object.assign(r.manifest.recipe as object, { epochs: 4 }), /does not have the hash/],
    ['a shortened run', (r) => Object.assign(r.manifest, { partial: { epochs: 2 } }), /was shortened/],
    ['an unfinished seed', (r) => Object.assign(r.manifest.status, { '1': 'stopped' }), /Seed 1 is not done/],
    ['a seed without a status', (r) => Object.assign(r.manifest, { status: { '2': 'done' } }), /no status/],
    ['a run that has not ended', (r) => Object.assign(r.manifest, { ended: null }), /has not ended/],
    [
      'a run that ends before it starts',
      (r) => Object.assign(r.manifest, { ended: '2020-01-01T00:00:00Z' }),
      /ends before it starts/,
    ],
    ['a seed listed twice', (r) => Object.assign(r.manifest, { seeds: [1, 2, 2] }), /list of seeds is not valid/],
    [
      'no seeds',
      (r) => Object.assign(r, { manifest: { ...r.manifest, seeds: [] }, logs: {} }),
      /list of seeds is not valid/,
    ],
    ['another dataset size', (r) => Object.assign(r.manifest.dataset, { valid: 9_000 }), /another size/],
    ['a log without an end', (r) => r.logs['1']!.pop(), /no "end" line/],
    ['a step left out', (r) => r.logs['1']!.splice(2, 1), /line 3: step 3 of epoch 0 where step 2 should be/],
    [
      'a step written twice',
      (r) => r.logs['1']!.splice(2, 0, r.logs['1']![1]!),
      /line 3: step 1 of epoch 0 where step 2/,
    ],
    [
      'steps out of order',
      (r) => r.logs['1']!.splice(1, 2, ...r.logs['1']!.slice(1, 3).reverse()),
      /step 2 of epoch 0/,
    ],
    ['a step of an earlier epoch', (r) => (lineOf(r, 'step', 4).epoch = 0), /step 5 of epoch 0 where step 5/],
    ['another batch size', (r) => (lineOf(r, 'step', 1).size = 3), /line 3: a batch of 3 instead of 4/],
    ['an epoch left out', (r) => r.logs['1']!.splice(4, 1), /1 epochs instead of 2/],
    ['an epoch of the wrong number', (r) => (lineOf(r, 'epoch', 1).epoch = 2), /epoch 2 where epoch 1 should be/],
    ['an epoch at the wrong step', (r) => (lineOf(r, 'epoch').step = 2), /ends at step 2, its last step is 3/],
    ['an epoch without steps', (r) => r.logs['1']!.splice(5, 3), /epoch 1 has no steps/],
    ['too few steps', (r) => r.logs['1']!.splice(7, 1), /5 steps instead of 2 × 3/],
    ['an altered step loss', (r) => (lineOf(r, 'step').loss *= 1.00001), /is not the mean over its samples/],
    ['an altered epoch loss', (r) => Object.assign(lineOf(r, 'epoch').train, { loss: 0.1 }), /is not the mean/],
    [
      'an epoch without a train loss',
      (r) => Object.assign(lineOf(r, 'epoch'), { train: { accuracy: 0.5 } }),
      /train loss undefined/,
    ],
    ['an altered result', (r) => (lineOf(r, 'end').result = { accuracy: 0.895, loss: 0.3 }), /is not the validation/],
    ['an end at the wrong step', (r) => (lineOf(r, 'end').step = 5), /the end is at step 5, the last step is 6/],
    ['an end before the start', (r) => (lineOf(r, 'end').time = '2026-02-28T00:00:00Z'), /is before/],
    ['a negative duration', (r) => (lineOf(r, 'step').seconds = -1), /a duration of -1 s/],
    ['steps that take longer than all', (r) => (lineOf(r, 'step').seconds = 1e4), /its steps took/],
    ['waiting for longer than it took', (r) => (lineOf(r, 'epoch').waited = 1e4), /10000 s of waiting in/],
    ['epochs that take longer than all', (r) => (lineOf(r, 'epoch').seconds = 1e4), /its epochs took/],
    [
      'a resume at the wrong step',
      (r) => r.logs['1']!.splice(3, 0, { event: 'resume', step: 5, time: '2026-03-01T09:00:01.500Z' }),
      /resumed at step 5, but the log stands at step 2/,
    ],
    [
      'an unfinished last epoch',
      (r) => {
        r.logs['1']!.splice(9, 0, { ...lineOf(r, 'step', 5), step: 7, epoch: 2 })
        lineOf(r, 'end').step = 7
      },
      /steps 7 to 7 belong to an epoch that never ended/,
    ],
  ]
  test.each(corruptions)('%s is found', async (_, corrupt, message) => {
    const record = fakeRecord(small)
    const row = rowOf(record)
    corrupt(record)
    const problems = await checkRecord(await write(record), row)
    expect(problems.map(({ what, expected, received }) => `${what} ${expected} ${received}`).join('\n')).toMatch(
      message,
    )
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['E_RECORD']))
  })

  describe('of a row with a predictor', () => {
    const result = { loss: 0.25, accuracy: 0.91 }
    function predicted(): FakeRecord {
      const record = fakeRecord({ ...small, reported: null })
      for (const lines of Object.values(record.logs)) {
        const end = lines.pop() as Extract<LogLine, { event: 'end' }>
        lines.push({ event: 'predict', predictor: 'tta', result, seconds: 0.5 })
        const time = new Date(Date.parse(end.time) + 500).toISOString()
        lines.push({ ...end, time, result, seconds: end.seconds + 0.5 })
      }
      return record
    }
    const found = async (record: FakeRecord, predictor: string | undefined = 'tta') => {
      const problems = await checkRecord(await write(record), { ...rowOf(record), predictor })
      return problems.map(({ what }) => what).join('\n')
    }

    test("is sound when the result is the predictor's, and it is what the verdict is about", async () => {
      const record = predicted()
      expect(await found(record)).toBe('')
      const { logs } = await readRecord(await write(record))
      expect(logs[0]!.prediction).toMatchObject({ predictor: 'tta', result })
      const reported = { metric: 'accuracy', mean: 0.93, sd: 0.001, n: 3 }
      const judged = { ...changed(record, { tolerance: 0.001, reported }), predictor: 'tta' }
      const problems = await checkRecord(await write(record), judged)
      expect(problems.map(({ what }) => what).join()).toContain('Measured 91.00 %, reported 93.00 %')
    })

    test('is not where scores are missing, of another predictor, too early or not the result', async () => {
      expect(await found(fakeRecord(small))).toContain('no scores of the predictor "tta" before the end')
      const record = predicted()
      expect(await checkRecord(await write(record), rowOf(record))).toHaveLength(2)
      expect(await found(record, 'other')).toContain('scores of the predictor "tta", not of other')
      const altered = predicted()
      lineOf(altered, 'predict').result = { ...result, accuracy: 0.92 }
      expect(await found(altered)).toContain('the result is not the scores of the predictor in line 10')
      const early = predicted()
      const lines = early.logs['1']!
      lines.splice(-3, 2, lines.at(-2)!, lines.at(-3)!)
      expect(await found(early)).toContain('scores of the predictor before the last epoch')
    })
  })

  describe('of a row with stages', () => {
    const stages = [
      { epochs: 2, batchSize: 4 },
      { epochs: 1, batchSize: 6 },
    ]
    const staged = () => fakeRecord({ ...small, stages })
    const plan = { staged: true, stages: stages.map((stage) => ({ ...stage, dropLast: false })) }
    const problemsOf = async (record: FakeRecord) => {
      const problems = await checkRecord(await write(record), { ...rowOf(record), ...plan })
      return problems.map(({ what }) => what).join('\n')
    }

    test('holds where steps and epochs count on, and the running loss begins anew', async () => {
      const record = staged()
      expect(await problemsOf(record)).toBe('')
      expect(await checkRecord(await write(record))).toEqual([])
      const steps = record.logs['1']!.filter((line) => line.event === 'step')
      expect(steps.map(({ stage, epoch, size }) => [stage, epoch, size])).toEqual([
        ...[0, 1].flatMap((epoch) => [4, 4, 2].map((size) => [0, epoch, size])),
        ...[6, 4].map((size) => [1, 2, size]),
      ])
    })

    const corruptions: [string, (record: FakeRecord) => void, RegExp][] = [
      [
        'another stage',
        (r) => Object.assign(lineOf(r, 'step', 6), { stage: 0 }),
        /stage 0 in epoch 2 instead of stage 1/,
      ],
      ['a missing stage', (r) => delete (lineOf(r, 'epoch', 1) as { stage?: number }).stage, /no stage in epoch 1/],
      [
        'batches of the stage before',
        (r) => Object.assign(lineOf(r, 'step', 6), { size: 4 }),
        /a batch of 4 instead of 6/,
      ],
      ['a missing step', (r) => r.logs['1']!.splice(r.logs['1']!.length - 3, 1), /7 steps instead of 2 × 3 \+ 1 × 2/],
      [
        'a running loss that went on',
        (r) => Object.assign(lineOf(r, 'epoch', 2).train, { smoothLoss: lineOf(r, 'epoch', 1).train.smoothLoss }),
        /smoothLoss .* is not the running mean/,
      ],
    ]
    test.each(corruptions)('%s is found', async (_, corrupt, message) => {
      const record = staged()
      corrupt(record)
      expect(await problemsOf(record)).toMatch(message)
    })

    test('a stage in the log of a row without stages is found', async () => {
      const record = fakeRecord(small)
      Object.assign(lineOf(record, 'step'), { stage: 0 })
      const problems = await checkRecord(await write(record), rowOf(record))
      expect(problems.map(({ what }) => what).join()).toMatch(/stage 0 in epoch 0 instead of no stage/)
    })
  })

  const heads: [string, Partial<CurrentRow['head']>, RegExp][] = [
    ['recipe', { recipeHash: '0'.repeat(64) }, /recipe has changed/],
    ['tolerance', { tolerance: 0.02 }, /tolerance has changed/],
    ['documented value', { reported: { ...documented, runs: [0.896] } }, /documented values have changed/],
    ['documented curve', { reported: { ...documented, curve: {} } }, /documented values have changed/],
    ['undocumented', { reported: null }, /documented values have changed/],
    ['title', { title: 'Another' }, /title of the table has changed/],
    ['source', { source: 'Another' }, /source of the table has changed/],
    ['note', { note: 'A new one.' }, /note of the row has changed/],
    ['name', { row: 'residual' }, /of another row/],
  ]
  test.each(heads)('a row whose %s has changed since is found', async (_, head, message) => {
    const record = fakeRecord(small)
    const problems = await checkRecord(await write(record), changed(record, head))
    expect(problems.map(({ what }) => what).join('\n')).toMatch(message)
  })

  const changes: [string, Partial<CurrentRow>, RegExp][] = [
    ['dataset', { datasetName: 'imagewoof2' }, /of another dataset/],
    ['precision', { precision: 'bf16' }, /^$/],
    ['order of callbacks', { hooks: {} }, /callbacks ran in another order/],
    ['list of plugins', { plugins: { known: ['data'], used: [] } }, /plugins are not those/],
    ['list of seeds', { seeds: [1, 2, 3] }, /Seeds are missing/],
    ['number of epochs', { stages: [{ epochs: 3, batchSize: 4, dropLast: false }] }, /2 epochs instead of 3/],
    ['batch size', { stages: [{ epochs: 2, batchSize: 5, dropLast: false }] }, /6 steps instead of 2 × 2/],
    ['size of the training split', { trainSize: 11 }, /another size/],
  ]
  test.each(changes)('a row whose %s has changed since is found', async (_, change, message) => {
    const record = fakeRecord(small)
    const problems = await checkRecord(await write(record), { ...rowOf(record), ...change })
    expect(problems.map(({ what }) => what).join('\n')).toMatch(message)
  })

  const verdicts: [string, FakeOptions, CheckOptions, number][] = [
    ['reproduced', {}, {}, 0],
    ['exceeding', { accuracy: 0.95 }, {}, 1],
    ['exceeding as the recipe explains', { accuracy: 0.95 }, { acceptExceeds: true }, 0],
    ['falling short', { accuracy: 0.85 }, {}, 1],
    ['falling short as the recipe declares', { accuracy: 0.85 }, { acceptFallsShort: true }, 0],
    ['too far below, with too few seeds to say how far', { accuracy: 0.7, sd: 0.05 }, {}, 1],
    ['too few seeds, within the tolerance', { seeds: [1] }, {}, 0],
    ['undocumented', { reported: null, accuracy: 0.1 }, {}, 0],
    ['without a tolerance', { tolerance: null, accuracy: 0.1 }, {}, 0],
    ['about a metric that was not measured', { reported: { metric: 'f1', mean: 0.9 } }, {}, 1],
  ]
  test.each(verdicts)('a record that is %s', async (_, change, options, problems) => {
    const record = fakeRecord({ ...small, ...change })
    expect(await checkRecord(await write(record), rowOf(record), options)).toHaveLength(problems)
  })
})

function editManifest(from: string, to: string) {
  return edit('manifest.json', from, to)
}

function editLog(from: string | RegExp, to: string) {
  return edit('seed-1.jsonl', from, to)
}

function edit(name: string, from: string | RegExp, to: string) {
  return async (folder: string) => {
    const file = path.join(folder, name)
    const before = await readFile(file, 'utf8')
    const after = before.replace(from, to)
    expect(after).not.toBe(before)
    await writeFile(file, after)
  }
}
