import type { PhotoFamily } from './families.ts'

/**
 * Digests of the photos that records were made with. One that is not listed here is an unknown set of photos, and the
 * check refuses a record of it: add the digest with the first record, after a look at the photos.
 */
const digests: { readonly [dataset: string]: readonly string[] } = {
  'imagewoof2 version 1': [
    // imagewoof2-320: the photos of the official archive, shorter side 320.
    'efa929225687d265e8e6292e4e612e14f42c1dad2b10fe32615d33d492076778',
    // imagewoof2-224.tgz: version 2 re-encoded, shorter side 224.
    '61a5b0712f0976249b4b24a479bb787fcc9af714388a1c1b0564bd7ba83069e5',
  ],
  'imagewoof2 version 2': [
    // imagewoof2-320.
    'c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67',
    // imagewoof2-224.tgz.
    'b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364',
  ],
}

export const knownDigests = ({ archive }: PhotoFamily, version: 1 | 2): readonly string[] =>
  digests[`${archive} version ${version}`] ?? []
