import { expect, test } from 'vitest'
import { describeOrigin } from './origin.ts'

const official320 = 'c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67'
const reencoded224 = 'b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364'
const folder = (name: string, wanted: string) => ({ found: `the folder ${name}`, wanted })

test('official photos are called so by what they are, whatever their folder is called', () => {
  expect(describeOrigin(folder('imagewoof2-320', 'imagewoof2-320'), official320)).toEqual([
    'Data: the official 320 px photos of Imagewoof v2, from the folder imagewoof2-320.',
  ])
  expect(describeOrigin(folder('dogs', 'imagewoof2'), official320)).toEqual([
    'Data: the official 320 px photos of Imagewoof v2, from the folder dogs (the recipe asks for imagewoof2).',
  ])
})

test('re-encoded photos that are known are never called official', () => {
  expect(describeOrigin({ found: 'imagewoof2-224.tgz', wanted: 'imagewoof2' }, reencoded224)).toEqual([
    'Data: the photos of Imagewoof v2 re-encoded from 320 px to a shorter side of 224 px, no official archive, ' +
      'from imagewoof2-224.tgz (the recipe asks for imagewoof2).',
  ])
})

test('a name alone makes nothing official', () => {
  expect(describeOrigin(folder('imagewoof2-320', 'imagewoof2-320'), 'f'.repeat(64))).toEqual([
    'Data: the folder imagewoof2-320 as given, not known to be the archive imagewoof2-320 that the recipe asks for.',
  ])
})

test('an archive that no SHA-256 vouches for says so, unless its photos are known', () => {
  const unproven = { found: 'imagewoof2-320.tgz', archive: 'imagewoof2-320', unproven: true, wanted: 'imagewoof2-320' }
  expect(describeOrigin(unproven, 'f'.repeat(64))).toEqual([
    "Data: imagewoof2-320.tgz, verified by length, MD5 of the first MiB and gzip's checksum, not by a SHA-256.",
  ])
  expect(describeOrigin(unproven, official320)).toEqual([])
  expect(describeOrigin(unproven, reencoded224)[0]).toContain('no official archive')
})

test('a verified archive needs no word when it is the one asked for, and is named otherwise', () => {
  const verified = { found: 'imagenette2-160.tgz', archive: 'imagenette2-160' }
  expect(describeOrigin({ ...verified, wanted: 'imagenette2-160' }, 'f'.repeat(64))).toEqual([])
  expect(describeOrigin({ ...verified, wanted: 'imagenette2' }, 'f'.repeat(64))).toEqual([
    'Data: imagenette2-160.tgz, another official archive (the recipe asks for imagenette2).',
  ])
})
