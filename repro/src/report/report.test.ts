import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeOptions, type FakeRecord, fakeRecord, writeFakeRecord } from '../../test/fake-record.ts'
import type { RunRecord } from '../record/read.ts'
import { readSeedLog } from '../record/read-log.ts'
import { verdictRow } from '../verdict/verdict-row.ts'
import { escapeHtml, html } from './html.ts'
import {
  type ClosedFormReport,
  formatVerdictTable,
  judgeClosedForm,
  renderMarkdownTable,
  renderReport,
  writeReport,
  writeReportFile,
} from './index.ts'

/** The record as reading its files would give it. */
function loaded({ manifest, logs }: FakeRecord): RunRecord {
  const read = manifest.seeds.flatMap((seed) => {
    const lines = logs[String(seed)]
    if (lines === undefined) return []
    const content = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    return readSeedLog({ file: `seed-${seed}.jsonl`, seed, content, done: true, problems: [] }) ?? []
  })
  return { folder: `runs/${manifest.table}/${manifest.row}`, manifest, logs: read }
}

const small: FakeOptions = { trainSize: 2000, batchSize: 100 }
const record = (options: FakeOptions = {}) => loaded(fakeRecord({ ...small, ...options }))
const page = (...records: RunRecord[]) => renderReport({ kind: 'runs', records })

describe('the page', () => {
  test('links the name of its source to the document, where that is public', () => {
    const run = record()
    const known = { ...run, manifest: { ...run.manifest, source: 'SlowAI, "ResNets" (004_cd1f3549efaaf2f2.txt)' } }
    expect(page(known)).toMatch(
      /Source: <a href="https:\/\/github\.com\/[^"]+">SlowAI, &quot;ResNets&quot;<\/a> \(004_/,
    )
    expect(page(run)).not.toContain('<a href="http')
  })

  test('holds title, table, source, verdict, values, seeds, weights, configuration and environment', () => {
    const run = record()
    const text = page(run)
    const { manifest } = run
    for (const part of [
      manifest.title,
      manifest.table,
      manifest.source.replaceAll('"', '&quot;'),
      'reproduced',
      '89.50 % (1)',
      verdictRow(run).note,
      ...run.logs.map(({ end }) => end!.weights),
      manifest.recipeHash,
      'slowai-deeper-cnn',
      'labelSmoothing',
      '0.01',
      manifest.environment.commit!,
      manifest.environment.cpu,
      manifest.dataset.digest,
      'recorder, meter, checkpointer',
      'data-label="waiting">2.0 %<',
      'documented train loss, epoch 1: 0.7640',
      'documented valid accuracy, epoch 3: 89.50 %',
    ]) {
      expect(text).toContain(part)
    }
  })

  test('tells whether the means are equivalent, where the source documents runs and the run is whole', () => {
    const reported = { metric: 'accuracy', runs: [0.895, 0.897, 0.9] }
    const { sentence, test } = verdictRow(record({ reported })).equivalence!
    expect(test!.p).toBeGreaterThan(0)
    expect(page(record({ reported }))).toContain(`<b>Equivalence:</b> ${escapeHtml(sentence)}`)
    expect(page(record())).not.toContain('Equivalence')
    expect(page(record({ reported, partial: { epochs: 1 } }))).not.toContain('Equivalence')
  })

  test('the verdict says on which photos it is, where they are not those of the source', () => {
    const given = record()
    const note = 'Data: imagewoof2-224.tgz, a re-encoded set, no official archive (the recipe asks for imagewoof2).'
    const recipe = { data: { dataset: { use: 'imagewoof', archive: 'full' }, train: { crop: { size: 128 } } } }
    const dataset = { ...given.manifest.dataset, name: 'imagewoof', note }
    const other = { ...given, manifest: { ...given.manifest, recipe, dataset } }
    const { sentence, effect } = verdictRow(other).data
    expect(effect).toContain('2.6 points')
    const text = page(other)
    expect(text.split('on re-encoded 224 px photos')).toHaveLength(3)
    expect(text).toContain(`<b>Other photos:</b> ${escapeHtml(`${sentence} ${effect}`)}`)
    expect(formatVerdictTable([verdictRow(other)])).toMatch(/✓ reproduced on re-encoded 224 px photos\n/)
    expect(formatVerdictTable([verdictRow(other)]).replaceAll(/\s+/g, ' ')).toContain(sentence)
    const markdown = renderMarkdownTable([other])
    expect(markdown).toContain(
      "| ✓\u00a0reproduced on re-encoded 224 px photos | re-encoded 224 px photos, not the source's | 1 to 3 |",
    )
    expect(page(given)).not.toContain('Other photos')
    expect(renderMarkdownTable([given])).toContain('| ✓\u00a0reproduced | fashion-mnist | 1 to 3 |')
  })

  test('needs nothing but itself', () => {
    const text = page(record())
    expect(text).toMatch(/^<!doctype html>/)
    expect(text).not.toMatch(/<script|https?:|\bsrc=|@import|url\(/)
    expect(text.match(/<html/g)).toHaveLength(1)
    expect(text).toContain("default-src 'none'")
    expect(text).toContain('prefers-color-scheme: dark')
    expect(text).not.toMatch(/NaN|Infinity|undefined|\[object/)
  })

  test('every tag that is opened is closed', () => {
    const open: string[] = []
    const text = page(record({ partial: { epochs: 3 } }), record({ row: 'other', reported: null }))
    const markup = text.replace(/<style>[\s\S]*<\/style>/, '')
    for (const [, end, name, closed] of markup.matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
      if (end === '/') expect(open.pop()).toBe(name)
      else if (closed === '' && !['meta', 'link', '!doctype'].includes(name!)) open.push(name!)
    }
    expect(open).toEqual([])
  })

  test('shows whatever a record says as text', () => {
    const evil = `<script>alert("1")</script>'&`
    const run = record({ title: evil, row: evil, table: evil })
    const manifest = {
      ...run.manifest,
      note: evil,
      source: evil,
      recipe: { [evil]: { use: evil, list: [evil] } },
      engine: { ...run.manifest.engine, details: evil, name: evil },
      hooks: { [evil]: [evil] },
    }
    const text = page({ ...run, manifest })
    expect(text).not.toContain('<script')
    expect(text.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;').length).toBeGreaterThan(10)
  })

  test('draws a path for every seed, and a tooltip for its values', () => {
    const text = page(record({ seeds: [3, 5, 8] }))
    for (const seed of [3, 5, 8]) {
      expect(text).toMatch(new RegExp(`<path class="line train" [^>]*data-seed="${seed}"`))
      expect(text).toMatch(new RegExp(`<path class="line valid" [^>]*data-seed="${seed}"`))
      expect(text).toContain(`seed ${seed}, valid accuracy after epoch 3`)
    }
  })

  test.each([
    [1, 1],
    [1, 200],
    [20, 1],
    [20, 200],
  ])('has room for %i seeds of %i epochs', (seeds, epochs) => {
    const list = Array.from({ length: seeds }, (_, index) => index + 1)
    const curve = { valid: { accuracy: Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? null : 0.9)) } }
    const reported = { metric: 'accuracy', mean: 0.9, sd: 0.003, n: 5, curve }
    const text = page(record({ seeds: list, epochs, trainSize: 1000, reported }))
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
    expect(text.match(/class="line train"/g)!.length).toBe(2 * seeds)
    expect(text.length).toBeLessThan(1_000_000)
  })

  test('spreads the steps of every stage over its own epochs', () => {
    const stages = [
      { epochs: 1, batchSize: 500 },
      { epochs: 2, batchSize: 100 },
    ]
    const curve = { train: { smoothLoss: [0.9, 0.5, 0.3] } }
    const reported = { metric: 'accuracy', mean: 0.9, n: 1, curve }
    const text = page(record({ seeds: [1], trainSize: 1000, stages, reported }))
    // Two steps, then ten and ten: the first epoch is as wide as the others.
    const [, path] = text.match(/<path class="thin train" d="([^"]*)"/)!
    const xs = [...path!.matchAll(/(-?[\d.]+) -?[\d.]+/g)].map(([, x]) => Number(x))
    expect(xs).toHaveLength(22)
    const epoch = xs[12]! - xs[2]!
    expect((xs[1]! - xs[0]!) / epoch).toBeCloseTo(1 / 2, 1)
    expect((xs[3]! - xs[2]!) / epoch).toBeCloseTo(1 / 10, 1)
    expect(text).toContain('documented train smoothLoss, epoch 3: 0.3000')
    expect(text).toContain('documented train, running mean')
    expect(text).not.toContain('SmoothLoss</span>')
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('stays small with 20 000 steps', () => {
    const text = page(record({ seeds: [1], epochs: 20, trainSize: 100_000, batchSize: 100 }))
    expect(text.length).toBeLessThan(150_000)
  })

  test('says so when a run was shortened, and sets nothing against the documented value', () => {
    const text = page(record({ partial: { epochs: 3, limitTrain: 2000 } }))
    expect(text).toContain('Partial run.')
    expect(text).toContain('3 epochs, 2000 training images')
    expect(text).not.toContain('Measured against documented')
    expect(page(record())).not.toContain('Partial')
  })

  test('shows a run that goes on: some seeds done, one in its first epoch, one not begun', () => {
    const fake = fakeRecord({ ...small, seeds: [1, 2, 3] })
    fake.logs = { '1': fake.logs['1']!, '2': fake.logs['2']!.slice(0, 8) }
    const manifest = { ...fake.manifest, ended: null, status: { '1': 'done', '2': 'running' } as const }
    const text = page(loaded({ ...fake, manifest }))
    expect(text).toContain('1 of 3 seeds are done')
    expect(text).toContain('not begun')
    expect(text).toContain('not finished')
    expect(text).not.toMatch(/NaN|undefined/)
  })

  test('shows a run that has not made a step', () => {
    const fake = fakeRecord(small)
    const text = page(loaded({ manifest: { ...fake.manifest, status: {} }, logs: {} }))
    expect(text).toContain('No seed has finished')
    expect(text).not.toContain('<svg')
  })

  test('shows rows of several tables, and rows without anything documented', () => {
    const text = page(record({ reported: null }), record({ table: 'other', title: 'Another table' }))
    expect(text).toContain('<h1>Reproduction report</h1>')
    expect(text).toContain('Another table')
    expect(text).toContain('1 measured')
    expect(renderReport({ kind: 'runs', records: [] })).toContain('no records')
  })

  test('warns when a row falls short, in words and a sign', () => {
    expect(page(record({ accuracy: 0.8 }))).toMatch(/▼<\/span>falls short/)
  })
})

describe('closed forms', () => {
  const data: ClosedFormReport = {
    kind: 'closed-form',
    table: 'fashionmnist-summary',
    title: 'Parameters',
    source: 'a page',
    rows: [
      {
        row: 'conv',
        labels: ['layers/1', 'total'],
        columns: [
          { name: 'parameters', reported: [216, 110_156], computed: [216, 110_157] },
          { name: 'MFlops', reported: ['0.2', null], computed: ['0.2', '1.2'] },
        ],
        verdict: 'differs',
      },
    ],
  }

  test('show documented and computed values, and mark those that differ', () => {
    const text = renderReport(data)
    expect(text).toContain('<td class="number">110,156</td>')
    expect(text).toMatch(/<td class="number differs">.*≠.*110,157<\/td>/)
    expect(text.match(/class="number differs"/g)).toHaveLength(1)
    expect(text).toContain('≠</span>differs')
  })

  test('are exact when every documented value is met; missing ones are not asked for', () => {
    const [parameters, megaFlops] = data.rows[0]!.columns
    expect(judgeClosedForm([megaFlops!])).toBe('exact')
    expect(judgeClosedForm([parameters!, megaFlops!])).toBe('differs')
    expect(judgeClosedForm([{ name: 'x', reported: [1, 2], computed: [1] }])).toBe('differs')
    expect(judgeClosedForm([{ name: 'x', reported: [1], computed: ['1'] }])).toBe('differs')
  })
})

describe('rows of the verdict table', () => {
  test('hold what --json prints', () => {
    const row = verdictRow(record())
    expect(row).toMatchObject({ row: 'conv', metric: 'accuracy', tolerance: 0.015, engine: 'wasm', precision: 'f32' })
    expect(row).toMatchObject({ partial: false, verdict: 'reproduced', reported: { mean: 0.895, sd: null, n: 1 } })
    expect(row.measured!.values).toHaveLength(3)
    expect(row.difference).toBeCloseTo(row.measured!.mean - 0.895, 12)
    expect(JSON.parse(JSON.stringify(row))).toEqual(row)
  })

  test('count the time of an unfinished seed too', () => {
    const fake = fakeRecord({ ...small, seeds: [1] })
    const whole = verdictRow(loaded(fake)).seconds
    fake.logs = { '1': fake.logs['1']!.slice(0, -1) }
    expect(verdictRow(loaded(fake)).seconds).toBeCloseTo(whole, 6)
    fake.logs = { '1': fake.logs['1']!.slice(0, 3) }
    expect(verdictRow(loaded(fake)).seconds).toBeCloseTo(0.62, 1)
    expect(verdictRow(loaded(fake)).measured).toBeNull()
  })

  test('judge by the direction of the metric', () => {
    const reported = { metric: 'loss', mean: 0.2, sd: 0.01, n: 5 }
    expect(verdictRow(record({ reported, tolerance: 0.05 })).verdict).toBe('falls-short')
    expect(verdictRow(record({ reported: { ...reported, mean: 0.5 }, tolerance: 0.05 })).verdict).toBe('exceeds')
  })
})

describe('plain text', () => {
  const rows = [
    verdictRow(record()),
    verdictRow(
      record({ row: 'timm-resnet18', accuracy: 0.8, reported: { metric: 'accuracy', mean: 0.9, sd: 0.01, n: 5 } }),
    ),
    verdictRow(record({ row: 'alone', seeds: [1], reported: null })),
    verdictRow(record({ row: 'short', partial: { epochs: 1 } })),
  ]

  test('is aligned, fits 100 columns and has no colour codes', () => {
    const lines = formatVerdictTable(rows).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    const at = lines[0]!.indexOf('verdict')
    const heads = lines.filter((line) => rows.some(({ row }) => line.startsWith(`${row} `)))
    expect(heads.map((line) => line.slice(at))).toEqual(['✓ reproduced', '▼ falls short', '• measured', '◐ partial'])
    expect(formatVerdictTable(rows)).not.toContain('\u001b')
  })

  test('tells values, interval, engine, time and reason', () => {
    const text = formatVerdictTable(rows.slice(0, 1)).replace(/\s+/g, ' ')
    expect(text).toContain('wasm f32')
    expect(text).toContain('difference 95 %')
    expect(text).toContain(rows[0]!.note)
    for (const value of rows[0]!.measured!.values) expect(text).toContain((100 * value).toFixed(2))
  })
})

describe('Markdown', () => {
  test('has a line a record with the measured values', () => {
    const lines = renderMarkdownTable([record(), record({ row: 'short', partial: { epochs: 1 } })]).split('\n')
    expect(lines[0]).toMatch(/^\| table \| row \| documented \| measured \|/)
    // No number leaves its unit in a narrow column, and no word its sign.
    expect(lines[2]).toContain('✓\u00a0reproduced')
    expect(lines[2]).toMatch(
      /^\| fashionmnist-resnets \| conv \| 89\.50\u00a0%\u00a0\(1\) \| 89\.\d\d\u00a0±\u00a0\d\.\d\d\u00a0%\u00a0\(3\) \| /,
    )
    expect(lines[3]).toContain('◐\u00a0partial')
    expect(lines[3]).not.toContain('pp (')
    expect(lines).toHaveLength(5)
  })

  test('keeps cells apart whatever they hold', () => {
    const [, , line] = renderMarkdownTable([record({ row: 'a|b <c>\\' })]).split('\n')
    expect(line).toContain('a\\|b &lt;c>\\\\')
  })
})

describe('writing', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tricklab-report-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('reads records and leaves one whole file', async () => {
    const run = await writeFakeRecord(fakeRecord(small), path.join(folder, 'run'))
    const file = path.join(folder, 'pages', 'report.html')
    await writeReport([run], file)
    expect(await readFile(file, 'utf8')).toBe(renderReport({ kind: 'runs', records: [{ ...record(), folder: run }] }))
    expect(await readdir(path.dirname(file))).toEqual(['report.html'])
  })

  test('refuses a broken record and leaves the old file alone', async () => {
    const run = await writeFakeRecord(fakeRecord(small), path.join(folder, 'broken'))
    await writeFile(path.join(run, 'seed-1.jsonl'), 'x\n')
    const file = path.join(folder, 'old.html')
    await writeFile(file, 'old')
    await expect(writeReport([run], file)).rejects.toThrow('E_RECORD')
    await expect(writeReport([path.join(folder, 'nowhere')], file)).rejects.toThrow('E_RUN_UNKNOWN')
    expect(await readFile(file, 'utf8')).toBe('old')
  })

  test('says when it cannot write', async () => {
    const file = path.join(folder, 'file')
    await writeFile(file, '')
    const report = writeReportFile({ kind: 'runs', records: [] }, path.join(file, 'report.html'))
    await expect(report).rejects.toThrow('E_OUT_WRITE')
  })
})

describe('the template', () => {
  test('escapes text and lets its own results be', () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;')
    expect(html`<p>${'<b>'}${html`<i>${1}</i>`}${['a', html`<br>`, null, false, undefined]}</p>`.text).toBe(
      '<p>&lt;b&gt;<i>1</i>a<br></p>',
    )
  })

  test('refuses numbers that are none', () => {
    expect(() => html`${Number.NaN}`).toThrow('E_INTERNAL')
  })
})
