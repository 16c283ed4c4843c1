import type { PhotoFamily } from './families.ts'

/** A set of photos that records were made with. */
export interface KnownPhotos {
  /** Name of the archives of its family without size: `imagewoof2`. */
  readonly family: string
  readonly kind: 'official' | 're-encoded'
  /** @unit pixels */
  readonly shorterSide: number
  /** The photos in words, as a note tells them. */
  readonly what: string
  /** Of the dataset that each version makes of the photos. */
  readonly digests: { readonly 1: string; readonly 2: string }
}

/**
 * Photos that records were made with, recognised by what they are, wherever they lie. A digest that is not listed here is
 * an unknown set of photos, and the check refuses a record of it: add the digest with the first record, after a look at
 * the photos.
 */
const sets: readonly KnownPhotos[] = [
  {
    family: 'imagewoof2',
    kind: 'official',
    shorterSide: 320,
    what: 'the official 320 px photos of Imagewoof v2',
    digests: {
      1: 'efa929225687d265e8e6292e4e612e14f42c1dad2b10fe32615d33d492076778',
      2: 'c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67',
    },
  },
  {
    family: 'imagewoof2',
    kind: 're-encoded',
    shorterSide: 224,
    what: 'the photos of Imagewoof v2 re-encoded from 320 px to a shorter side of 224 px, no official archive',
    digests: {
      1: '61a5b0712f0976249b4b24a479bb787fcc9af714388a1c1b0564bd7ba83069e5',
      2: 'b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364',
    },
  },
]

export const knownDigests = ({ archive }: PhotoFamily, version: 1 | 2): readonly string[] =>
  sets.filter(({ family }) => family === archive).map(({ digests }) => digests[version])

/** The photos behind the digest of a dataset; undefined where nobody has looked at them. */
export const knownPhotos = (digest: string): KnownPhotos | undefined =>
  sets.find(({ digests }) => digests[1] === digest || digests[2] === digest)
