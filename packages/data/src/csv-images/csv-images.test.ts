import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { datasetContract } from '@tricklab/testing'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFolder } from '../../test/folder.ts'
import { filesOf, openByName, writeImages } from '../../test/own-photos.ts'
import { data } from '../index.ts'
import { listCsv } from './list.ts'
import { parseCsv } from './parse.ts'

let root: string

beforeEach(async () => {
  root = await createFolder()
  vi.stubEnv('TRICKLAB_CACHE', path.join(root, 'cache'))
})
afterAll(() => {
  vi.unstubAllEnvs()
})

const images = ['photos/a.jpg', 'photos/b.png', 'c.webp', 'd, e.jpg']
const table = `path,label,split
photos/a.jpg,cat,train
photos/b.png,dog,train
./c.webp,cat,valid
"d, e.jpg",dog,test
`

async function open(text: string, options: Record<string, string | number> = {}) {
  await writeImages(root, images)
  await writeFile(path.join(root, 'labels.csv'), text)
  return openByName({ use: 'csv-images', file: 'labels.csv', ...options }, { dataPaths: [root] })
}

test('paths are read from the folder of the file; the split is that of a column', async () => {
  const dataset = await open(table, { splitColumn: 'split' })
  expect(dataset.classes).toEqual(['cat', 'dog'])
  expect(filesOf(dataset, 'train')).toEqual(['photos/a.jpg cat', 'photos/b.png dog'])
  expect(filesOf(dataset, 'valid')).toEqual(['c.webp cat', 'd, e.jpg dog'])
  expect((await dataset.read('valid', 1)).shape).toEqual([16, 23, 3])
})

test('columns have other names, separators and orders; without a split column a share validates', async () => {
  const text = '\uFEFFclass;id;image\r\n10;1;photos\\a.jpg\r\n9;2;photos\\b.png\r\n\r\n10;3;c.webp\r\n9;4;"d, e.jpg"'
  const dataset = await open(text, { separator: 'semicolon', pathColumn: 'image', labelColumn: 'class' })
  // Whole numbers are in the order of their values.
  expect(dataset.classes).toEqual(['9', '10'])
  expect([dataset.size('train'), dataset.size('valid')]).toEqual([2, 2])
  expect(dataset.note).toBe('A share of 0.2 of every class validates, drawn by the number 0.')
})

describe('before the first step it refuses', () => {
  test.each<[string, string, Record<string, string>, RegExp]>([
    [
      'a path that leaves the folder',
      'path,label\n../a.jpg,cat',
      {},
      /E_DATASET_CORRUPT.*Line 2 .*not below its folder.*"\.\.\/a\.jpg"/s,
    ],
    ['one that leaves it later', 'path,label\nphotos/../../a.jpg,cat', {}, /E_DATASET_CORRUPT.*not below its folder/s],
    ['one that does so on Windows', 'path,label\n..\\a.jpg,cat', {}, /E_DATASET_CORRUPT.*not below its folder/s],
    ['an absolute path', 'path,label\n/etc/a.jpg,cat', {}, /E_DATASET_CORRUPT.*not below its folder/s],
    ['a drive', 'path,label\nC:/a.jpg,cat', {}, /E_DATASET_CORRUPT.*not below its folder/s],
    ['no path', 'path,label\n,cat', {}, /E_DATASET_CORRUPT.*Line 2 .*names no image/s],
    ['no label', 'path,label\nphotos/a.jpg, ', {}, /E_DATASET_CORRUPT.*Line 2 .*Expected: a label/s],
    ['a line that is too short', 'path,label\nphotos/a.jpg', {}, /E_DATASET_CORRUPT.*Line 2 .*2 fields/s],
    ['an empty file', '', {}, /E_DATASET_CORRUPT.*no column "path".*an empty file/s],
    [
      'a column that is not there',
      table,
      { labelColumn: 'lable' },
      /E_DATASET_CORRUPT.*no column "lable".*did you mean "label"/s,
    ],
    ['a quote that is not closed', 'path,label\n"photos/a.jpg,cat', {}, /E_DATASET_CORRUPT.*Line 2 .*not closed/s],
    [
      'an image that is not there',
      table.replace('c.webp', 'gone.webp'),
      {},
      /E_DATASET_CORRUPT.*gone\.webp does not exist/s,
    ],
    ['an image twice', `${table}photos/a.jpg,cat,train`, {}, /E_DATASET_CORRUPT.*Lines 2 and 6 .*twice/s],
    [
      'two labels for an image',
      `${table}photos/a.jpg,dog,train`,
      {},
      /E_MULTI_LABEL.*Lines 2 and 6 .*"cat" and "dog"/s,
    ],
    ['one class', 'path,label\nphotos/a.jpg,cat\nc.webp,cat', {}, /E_DATASET_CLASSES.*"cat" alone/s],
    [
      'a label that training does not know',
      table.replace('dog,test', 'emu,test'),
      { splitColumn: 'split' },
      /E_DATASET_CLASSES.*no training image of the class "emu"/s,
    ],
    [
      'a split that is none',
      table.replace('test', 'later'),
      { splitColumn: 'split' },
      /E_DATASET_CORRUPT.*Line 5 .*"later"/s,
    ],
  ])('%s', async (_name, text, options, message) => {
    await expect(open(text, options)).rejects.toThrow(message)
  })
})

test('any table that is written as RFC 4180 says is read as it was', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', ';') })
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 }),
      fc.boolean(),
      (rows, last) => {
        const quoted = rows.map((fields) => fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
        const text = quoted.join('\r\n') + (last ? '\r\n' : '')
        expect(parseCsv(text, ',', 'x.csv').map(({ fields }) => fields)).toEqual(rows)
      },
    ),
    { seed: 1 },
  )
})

test('a line is told by its number, quoted line breaks included', () => {
  const text = 'path,label\n"a\nb.jpg",cat\n../c.jpg,dog'
  const options = { pathColumn: 'path', labelColumn: 'label', splitColumn: '', separator: 'comma' } as const
  expect(() => listCsv(text, 'x.csv', { ...options, validShare: 0.2, splitSeed: 0 })).toThrow(/Line 4 of x\.csv/)
})

const contractRoot = await mkdtemp(path.join(tmpdir(), 'tricklab-csv-'))
await writeImages(contractRoot, images)
await writeFile(path.join(contractRoot, 'labels.csv'), table)
afterAll(() => rm(contractRoot, { recursive: true, force: true }))
const file = path.join(contractRoot, 'labels.csv')
datasetContract({ plugin: data, name: 'csv-images', options: [{ file }, { file, splitColumn: 'split' }] })
