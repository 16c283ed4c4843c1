import { expect, test } from 'vitest'
import { describeOrigin } from './origin.ts'
import { readOrigin } from './recorded-origin.ts'

const official320 = 'c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67'
const reencoded224 = 'b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364'
const unknown = 'f'.repeat(64)
const folder = (wanted: string) => ({ found: 'the folder dogs', wanted })

test.each([
  ['the photos that the recipe asks for', folder('imagewoof2-320'), official320, 'official', 320, undefined],
  ['smaller official photos', folder('imagewoof2'), official320, 'official', 320, 'imagewoof2'],
  ['re-encoded photos', folder('imagewoof2'), reencoded224, 're-encoded', 224, 'imagewoof2'],
  ['photos that nobody knows', folder('imagewoof2-320'), unknown, 'as given', undefined, 'imagewoof2-320'],
  [
    'another archive',
    { found: 'imagenette2-160.tgz', archive: 'imagenette2-160', wanted: 'imagenette2' },
    unknown,
    'official',
    160,
    'imagenette2',
  ],
  [
    'an archive without a published SHA-256',
    { found: 'imagewoof2-320.tgz', archive: 'imagewoof2-320', unproven: true, wanted: 'imagewoof2-320' },
    unknown,
    'official',
    320,
    undefined,
  ],
] as const)('reads what was written of %s', (_name, origin, digest, kind, shorterSide, wanted) => {
  const note = ['Version 1 rebuilt from version 2.', ...describeOrigin(origin, digest), '3 photos were left out.']
  expect(readOrigin(note.join(' '), digest)).toMatchObject({ kind, shorterSide, wanted })
})

test('reads the words of older records', () => {
  const note =
    'Version 1 rebuilt from version 2: validation is every file named ILSVRC2012_val_*. Data: imagewoof2-224.tgz, a re-encoded set, no official archive (the recipe asks for imagewoof2).'
  expect(readOrigin(note, 'unknown')).toEqual({
    what: 'imagewoof2-224.tgz, a re-encoded set, no official archive',
    kind: 're-encoded',
    shorterSide: 224,
    wanted: 'imagewoof2',
  })
})

test('a note without a word on photos says nothing of them', () => {
  expect(readOrigin('Version 1 rebuilt from version 2.', 'unknown')).toBeUndefined()
  expect(readOrigin(undefined, 'unknown')).toBeUndefined()
})

test('photos that an older record took as given are known by their digest', () => {
  const note = 'Data: the folder imagewoof2-320 as given (the recipe asks for imagewoof2), not a verified archive.'
  const official = 'efa929225687d265e8e6292e4e612e14f42c1dad2b10fe32615d33d492076778'
  expect(readOrigin(note, official)).toEqual({
    what: 'the folder imagewoof2-320 as given, which are the official 320 px photos',
    kind: 'official',
    shorterSide: 320,
    wanted: 'imagewoof2',
  })
  expect(readOrigin(note, 'another')).toMatchObject({ kind: 'as given', shorterSide: undefined, wanted: 'imagewoof2' })
})
