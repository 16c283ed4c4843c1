import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { TricklabError } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import { describe, expect, it } from 'vitest'
import { acceptedRecords, acceptRecord } from '../src/accepted/accepted.ts'
import { checkAcceptedRecords } from '../src/accepted/check-accepted.ts'
import { countRows, listRows } from '../src/accepted/list.ts'
import { rowHead } from '../src/record/row-head.ts'
import type { Manifest } from '../src/record/types.ts'
import { renderReport } from '../src/report/index.ts'
import { type FakeOptions, fakeRecord, writeFakeRecord } from './fake-record.ts'

const emptyFolder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-accepted-'))

/** A finished run of a real row, with made-up numbers. */
async function finishedRun(options: FakeOptions = {}): Promise<string> {
  const table = tables.find(({ id }) => id === 'fashionmnist-resnets')
  if (table?.kind !== 'training') throw new Error('the table is gone')
  const row = normalizeRow(table, options.row ?? 'conv')
  const record = fakeRecord({ seeds: [1, 2, 3], accuracy: 0.896, sd: 0.002, ...options })
  record.manifest = { ...record.manifest, ...rowHead(row) }
  const folder = await writeFakeRecord(record)
  writeFileSync(path.join(folder, 'seed-1.safetensors'), 'weights')
  writeFileSync(path.join(folder, 'report.html'), 'page')
  return folder
}

function edit(run: string, change: (manifest: Manifest) => Manifest): void {
  const file = path.join(run, 'manifest.json')
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Manifest)))
}

const problemsOf = async (root: string) =>
  (await checkAcceptedRecords({ root })).items.flatMap(({ problems }) => problems.map(({ what }) => what))

describe('acceptRecord', () => {
  it('copies manifest and logs, and nothing else', async () => {
    const root = emptyFolder()
    const target = await acceptRecord(await finishedRun(), { root })
    expect(path.relative(root, target)).toBe(path.join('fashionmnist-resnets', 'conv'))
    expect(readdirSync(target).sort()).toEqual(['manifest.json', 'seed-1.jsonl', 'seed-2.jsonl', 'seed-3.jsonl'])
    expect(readdirSync(path.dirname(target))).toEqual(['conv'])
    expect((await checkAcceptedRecords({ root })).ok).toBe(true)
    expect(await acceptedRecords(root)).toHaveLength(1)
  })

  it('replaces the record of before as a whole', async () => {
    const root = emptyFolder()
    await acceptRecord(await finishedRun({ seeds: [1, 2, 3, 4] }), { root })
    const target = await acceptRecord(await finishedRun(), { root })
    expect(readdirSync(target)).not.toContain('seed-4.jsonl')
  })

  it.each([
    ['a seed is missing', { seeds: [1, 2] }, 'Seeds are missing'],
    ['the run was shortened', { partial: { epochs: 1 } }, 'shortened'],
    ['the result falls short', { accuracy: 0.8 }, 'falls short'],
  ])('refuses a run when %s, and leaves the record of before', async (_name, options, what) => {
    const root = emptyFolder()
    const target = await acceptRecord(await finishedRun(), { root })
    const before = readFileSync(path.join(target, 'seed-1.jsonl'), 'utf8')
    const refused = acceptRecord(await finishedRun(options), { root })
    await expect(refused).rejects.toThrow(TricklabError)
    await expect(refused).rejects.toThrow(what)
    expect(readFileSync(path.join(target, 'seed-1.jsonl'), 'utf8')).toBe(before)
  })

  it('refuses a folder that is no run', async () => {
    await expect(acceptRecord(emptyFolder(), { root: emptyFolder() })).rejects.toThrow('E_RUN_UNKNOWN')
  })
})

describe('acceptRecord with join', () => {
  it('adds the seeds of the run, and keeps what each ran on', async () => {
    const root = emptyFolder()
    await acceptRecord(await finishedRun(), { root })
    const more = await finishedRun({ seeds: [5, 4] })
    edit(more, (run) => ({ ...run, environment: { ...run.environment, commit: 'f'.repeat(40) } }))
    const target = await acceptRecord(more, { root, join: true })

    expect((await checkAcceptedRecords({ root })).ok).toBe(true)
    const [record] = await acceptedRecords(root)
    expect(record!.manifest.seeds).toEqual([1, 2, 3, 4, 5])
    expect(record!.manifest.environment.commit).not.toBe('f'.repeat(40))
    expect(record!.manifest.joined).toMatchObject([{ seeds: [5, 4], environment: { commit: 'f'.repeat(40) } }])
    expect(readFileSync(path.join(target, 'seed-4.jsonl'), 'utf8')).toBe(
      readFileSync(path.join(more, 'seed-4.jsonl'), 'utf8'),
    )
    expect(renderReport({ kind: 'runs', records: [record!] })).toContain('ran apart: seed 5, 4')

    await acceptRecord(await finishedRun({ seeds: [6] }), { root, join: true })
    const [again] = await acceptedRecords(root)
    expect(again!.manifest.joined?.map(({ seeds }) => seeds)).toEqual([[5, 4], [6]])
    expect(readdirSync(path.dirname(target))).toEqual(['conv'])
  })

  it.each([
    ['a seed stands in both', {}, 'The run and the record both have seed 3'],
    ['one was shortened', { partial: { epochs: 1 } }, 'The limits differ'],
    ['together they fall short', { accuracy: 0.7 }, 'falls short'],
  ])('refuses when %s, and leaves the record of before', async (_name, options, what) => {
    const root = emptyFolder()
    const target = await acceptRecord(await finishedRun(), { root })
    const before = readFileSync(path.join(target, 'manifest.json'), 'utf8')
    const seeds = what.includes('both') ? [3, 4] : [4, 5]
    const refused = acceptRecord(await finishedRun({ seeds, ...options }), { root, join: true })
    await expect(refused).rejects.toThrow(what)
    expect(readFileSync(path.join(target, 'manifest.json'), 'utf8')).toBe(before)
    expect(readdirSync(path.dirname(target))).toEqual(['conv'])
  })

  it('refuses seeds of another engine', async () => {
    const root = emptyFolder()
    await acceptRecord(await finishedRun(), { root })
    const more = await finishedRun({ seeds: [4] })
    edit(more, (run) => ({ ...run, engine: { ...run.engine, name: 'native' } }))
    await expect(acceptRecord(more, { root, join: true })).rejects.toThrow('The engines differ')
  })

  it('refuses where there is nothing to join', async () => {
    await expect(acceptRecord(await finishedRun(), { root: emptyFolder(), join: true })).rejects.toThrow(
      'E_RUN_UNKNOWN',
    )
  })
})

describe('checkAcceptedRecords', () => {
  it('finds nothing to complain of where there are no records', async () => {
    expect(await checkAcceptedRecords({ root: path.join(emptyFolder(), 'none') })).toMatchObject({
      ok: true,
      items: [],
    })
  })

  it('notices a result that was changed by hand', async () => {
    const root = emptyFolder()
    const log = path.join(await acceptRecord(await finishedRun(), { root }), 'seed-1.jsonl')
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    const end = JSON.parse(lines.pop()!)
    end.result.accuracy = 0.95
    writeFileSync(log, `${[...lines, JSON.stringify(end)].join('\n')}\n`)
    expect((await problemsOf(root)).length).toBeGreaterThan(0)
  })

  it('notices a recipe that no longer is what ran', async () => {
    const root = emptyFolder()
    const record = await acceptRecord(await finishedRun(), { root })
    edit(record, (manifest) => ({ ...manifest, recipeHash: manifest.recipeHash.replace(/^./, 'x') }))
    expect((await problemsOf(root)).join()).toContain('recipe')
  })

  it('notices a row that is gone', async () => {
    const root = emptyFolder()
    const record = await acceptRecord(await finishedRun(), { root })
    renameSync(record, path.join(path.dirname(record), 'gone'))
    expect((await problemsOf(root)).join()).toContain('no row fashionmnist-resnets/gone')
  })

  it('notices a record that lies in the place of another row', async () => {
    const root = emptyFolder()
    const record = await acceptRecord(await finishedRun(), { root })
    renameSync(record, path.join(path.dirname(record), 'residual'))
    const problems = await problemsOf(root)
    expect(problems.join()).toContain('The record is of another row')
    expect(problems.join()).toContain('The recipe has changed')
  })

  it('notices the logs of another row of the same length, though all be sealed', async () => {
    const root = emptyFolder()
    const twin = { accuracy: 0.905, sd: 0.001 }
    await acceptRecord(await finishedRun(twin), { root })
    await acceptRecord(await finishedRun({ ...twin, row: 'residual' }), { root })
    const problems = await problemsOf(root)
    expect(problems).toHaveLength(3)
    expect(problems.join('\n')).toMatch(/residual: Seed 1 has the weights of seed 1 of .*conv/)
    expect(problems.join('\n')).toMatch(/residual: Seed 2 has the weights of seed 2 of .*conv/)
  })

  it('notices a seed that is a copy of another, in its weights or in its losses', async () => {
    const run = await finishedRun()
    const logs = [1, 2].map((seed) => path.join(run, `seed-${seed}.jsonl`))
    const copy = readFileSync(logs[0]!, 'utf8').replace('"seed":1', '"seed":2')
    writeFileSync(logs[1]!, copy)
    await expect(acceptRecord(run, { root: emptyFolder() })).rejects.toThrow('Seed 2 has the weights of seed 1')
    writeFileSync(logs[1]!, copy.replace(/"weights":".*"/, `"weights":"${'e'.repeat(64)}"`))
    await expect(acceptRecord(run, { root: emptyFolder() })).rejects.toThrow('Seed 2 has the losses of seed 1')
  })

  it('names what is no record, and passes over what a file manager leaves', async () => {
    const root = emptyFolder()
    const record = await acceptRecord(await finishedRun(), { root })
    for (const folder of [root, path.dirname(record), record]) writeFileSync(path.join(folder, '.DS_Store'), '')
    expect(await problemsOf(root)).toEqual([])
    for (const folder of [root, path.dirname(record), record]) writeFileSync(path.join(folder, 'notes.txt'), '')
    mkdirSync(path.join(root, 'empty'))
    const problems = await problemsOf(root)
    expect(problems).toHaveLength(4)
    expect(problems.join()).toContain('notes.txt is no file of a record')
    expect(problems.join()).toContain('notes.txt is no record')
    expect(problems.join()).toContain('empty is no record')
  })

  it('notices an edit of what stands nowhere else by the seal, until the record is accepted once more', async () => {
    const root = emptyFolder()
    const record = await acceptRecord(await finishedRun(), { root })
    edit(record, (run) => ({ ...run, environment: { ...run.environment, cpu: 'Another processor' } }))
    expect((await problemsOf(root)).join()).toContain('manifest.json is not the file that was accepted')
    await acceptRecord(record, { root })
    expect(await problemsOf(root)).toEqual([])
    edit(record, ({ seal: _seal, ...run }) => run)
    expect((await problemsOf(root)).join()).toContain('has no seal')
  })
})

it('lists every row with its status', async () => {
  const root = emptyFolder()
  await acceptRecord(await finishedRun(), { root })
  const { items, text } = await listRows(root)
  expect(items.find((item) => item.row === 'conv' && item.kind === 'training')?.status).toBe('reproduced (wasm)')
  expect(items.find((item) => item.row === 'residual' && item.kind === 'training')?.status).toBe('not yet run')
  const lines = text.split('\n')
  expect(lines).toHaveLength(items.length + 3)
  const { rows } = countRows(items)
  expect(lines.at(-1)).toBe(`1 of ${rows} documented training rows recorded, 1 reproduced.`)
  expect(existsSync(root)).toBe(true)
})

it('lists of every record what it was measured on, its seeds and the interval', async () => {
  const root = emptyFolder()
  await acceptRecord(await finishedRun(), { root })
  const { items } = await listRows(root, 'fashionmnist-resnets/')
  const [conv, other] = ['conv', 'residual'].map((name) => items.find(({ row }) => row === name))
  expect(conv).toMatchObject({ verdict: 'reproduced', data: 'fashion-mnist', seeds: '1 to 3' })
  expect(conv!.difference).toMatch(/^[+−]0\.\d\d pp \(−\d\.\d\d to \+\d\.\d\d pp\)$/)
  expect(other).toMatchObject({ verdict: null, difference: '–', data: '–', seeds: '–' })
})
