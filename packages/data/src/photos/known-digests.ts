import type { PhotoFamily } from './families.ts'

/** A set of photos that records were made with. */
export interface KnownPhotos {
  readonly digest: string
  /** The dataset that it was read as: `imagewoof2 version 1`. */
  readonly dataset: string
  readonly kind: 'official' | 're-encoded'
  /** @unit pixels */
  readonly shorterSide: number
}

/**
 * Photos that records were made with, by the digest of the dataset. A digest that is not listed here is an unknown set of
 * photos, and the check refuses a record of it: add the digest with the first record, after a look at the photos.
 */
const sets: readonly KnownPhotos[] = [
  {
    digest: 'efa929225687d265e8e6292e4e612e14f42c1dad2b10fe32615d33d492076778',
    dataset: 'imagewoof2 version 1',
    kind: 'official',
    shorterSide: 320,
  },
  {
    digest: '61a5b0712f0976249b4b24a479bb787fcc9af714388a1c1b0564bd7ba83069e5',
    dataset: 'imagewoof2 version 1',
    kind: 're-encoded',
    shorterSide: 224,
  },
  {
    digest: 'c06119bb51d26cb87daf5806c4091bc69556c834a487db4ac2b62226d0088b67',
    dataset: 'imagewoof2 version 2',
    kind: 'official',
    shorterSide: 320,
  },
  {
    digest: 'b66da1869cdff4ea4f7929be59890c335458c7091fef12bc8fcabc66ff106364',
    dataset: 'imagewoof2 version 2',
    kind: 're-encoded',
    shorterSide: 224,
  },
]

export const knownDigests = ({ archive }: PhotoFamily, version: 1 | 2): readonly string[] =>
  sets.filter(({ dataset }) => dataset === `${archive} version ${version}`).map(({ digest }) => digest)

/** The photos behind a digest; undefined where nobody has looked at them. */
export const knownPhotos = (digest: string): KnownPhotos | undefined => sets.find((set) => set.digest === digest)
