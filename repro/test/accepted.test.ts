import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Json, normalizeRow, TricklabError } from '@tricklab/core'
import { tables } from '@tricklab/recipes'
import { describe, expect, it } from 'vitest'
import { acceptedRecords, acceptRecord, checkAcceptedRecords, listRows } from '../src/record/accepted.ts'
import type { Manifest } from '../src/record/types.ts'
import { type FakeOptions, fakeRecord, writeFakeRecord } from './fake-record.ts'

const emptyFolder = () => mkdtempSync(path.join(os.tmpdir(), 'tricklab-accepted-'))

/** A finished run of a real row, with made-up numbers. */
async function finishedRun(options: FakeOptions = {}): Promise<string> {
  const table = tables.find(({ id }) => id === 'fashionmnist-resnets')
  if (table?.kind !== 'training') throw new Error('the table is gone')
  const row = normalizeRow(table, 'conv')
  const reported = { metric: 'accuracy', ...row.reported }
  const record = fakeRecord({ row: 'conv', seeds: [1, 2, 3], accuracy: 0.896, sd: 0.002, reported, ...options })
  const recipe = row.recipe as unknown as Json
  record.manifest = { ...record.manifest, recipe, recipeHash: row.hash, tolerance: row.tolerance ?? null }
  const folder = await writeFakeRecord(record)
  writeFileSync(path.join(folder, 'seed-1.safetensors'), 'weights')
  writeFileSync(path.join(folder, 'report.html'), 'page')
  return folder
}

const problemsOf = async (root: string) =>
  (await checkAcceptedRecords(root)).items.flatMap(({ problems }) => problems.map(({ what }) => what))

describe('acceptRecord', () => {
  it('copies manifest and logs, and nothing else', async () => {
    const root = emptyFolder()
    const target = await acceptRecord(await finishedRun(), root)
    expect(path.relative(root, target)).toBe(path.join('fashionmnist-resnets', 'conv'))
    expect(readdirSync(target).sort()).toEqual(['manifest.json', 'seed-1.jsonl', 'seed-2.jsonl', 'seed-3.jsonl'])
    expect(readdirSync(path.dirname(target))).toEqual(['conv'])
    expect((await checkAcceptedRecords(root)).ok).toBe(true)
    expect(await acceptedRecords(root)).toHaveLength(1)
  })

  it('replaces the record of before as a whole', async () => {
    const root = emptyFolder()
    await acceptRecord(await finishedRun({ seeds: [1, 2, 3, 4] }), root)
    const target = await acceptRecord(await finishedRun(), root)
    expect(readdirSync(target)).not.toContain('seed-4.jsonl')
  })

  it.each([
    ['a seed is missing', { seeds: [1, 2] }, 'Seeds are missing'],
    ['the run was shortened', { partial: { epochs: 1 } }, 'shortened'],
    ['the result falls short', { accuracy: 0.8 }, 'falls short'],
  ])('refuses a run when %s, and leaves the record of before', async (_name, options, what) => {
    const root = emptyFolder()
    const target = await acceptRecord(await finishedRun(), root)
    const before = readFileSync(path.join(target, 'seed-1.jsonl'), 'utf8')
    const refused = acceptRecord(await finishedRun(options), root)
    await expect(refused).rejects.toThrow(TricklabError)
    await expect(refused).rejects.toThrow(what)
    expect(readFileSync(path.join(target, 'seed-1.jsonl'), 'utf8')).toBe(before)
  })

  it('refuses a folder that is no run', async () => {
    await expect(acceptRecord(emptyFolder(), emptyFolder())).rejects.toThrow('E_RUN_UNKNOWN')
  })
})

describe('checkAcceptedRecords', () => {
  it('finds nothing to complain of where there are no records', async () => {
    expect(await checkAcceptedRecords(path.join(emptyFolder(), 'none'))).toMatchObject({ ok: true, items: [] })
  })

  it('notices a result that was changed by hand', async () => {
    const root = emptyFolder()
    const log = path.join(await acceptRecord(await finishedRun(), root), 'seed-1.jsonl')
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    const end = JSON.parse(lines.pop()!)
    end.result.accuracy = 0.95
    writeFileSync(log, `${[...lines, JSON.stringify(end)].join('\n')}\n`)
    expect((await problemsOf(root)).length).toBeGreaterThan(0)
  })

  it('notices a recipe that no longer is what ran', async () => {
    const root = emptyFolder()
    const file = path.join(await acceptRecord(await finishedRun(), root), 'manifest.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    writeFileSync(file, JSON.stringify({ ...manifest, recipeHash: manifest.recipeHash.replace(/^./, 'x') }))
    expect((await problemsOf(root)).join()).toContain('recipe')
  })

  it('notices a row that is gone', async () => {
    const root = emptyFolder()
    const file = path.join(await acceptRecord(await finishedRun(), root), 'manifest.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    writeFileSync(file, JSON.stringify({ ...manifest, row: 'gone' }))
    expect((await problemsOf(root)).join()).toContain('no row fashionmnist-resnets/gone')
  })
})

it('lists every row with its status', async () => {
  const root = emptyFolder()
  await acceptRecord(await finishedRun(), root)
  const { items, text } = await listRows(root)
  expect(items.find((item) => item.row === 'conv' && item.kind === 'training')?.status).toBe('reproduced (wasm)')
  expect(items.find((item) => item.row === 'residual' && item.kind === 'training')?.status).toBe('not yet run')
  expect(text.split('\n')).toHaveLength(items.length + 1)
  expect(existsSync(root)).toBe(true)
})
