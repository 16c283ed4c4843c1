import type { Split } from '@tricklab/core'

/** One of the files that a dataset consists of, as its authors published it. */
export interface KnownFile {
  /** Name without `.gz`. */
  readonly name: string
  readonly split: Split
  readonly holds: 'images' | 'labels'
  /** Dimensions of the IDX array. */
  readonly dims: readonly number[]
  /** SHA-256 of the unpacked file. */
  readonly sha256: string
  /** Length and MD5 of the published `.gz`. Debian packs the same content anew, with other bytes. */
  readonly packed: { readonly bytes: number; readonly md5: string }
}

/** The class names in the order of the labels, from the README of zalandoresearch/fashion-mnist. */
export const fashionMnistClasses = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const

/**
 * MD5 sums from the README of zalandoresearch/fashion-mnist. Length and SHA-256 were taken from Debian's package: its
 * files are the published ones without the name and time in the gzip header, and putting those back gives these MD5 sums.
 */
export const fashionMnistFiles: readonly KnownFile[] = [
  {
    name: 'train-images-idx3-ubyte',
    split: 'train',
    holds: 'images',
    dims: [60_000, 28, 28],
    sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    packed: { bytes: 26_421_880, md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
  },
  {
    name: 'train-labels-idx1-ubyte',
    split: 'train',
    holds: 'labels',
    dims: [60_000],
    sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    packed: { bytes: 29_515, md5: '25c81989df183df01b3e8a0aad5dffbe' },
  },
  {
    name: 't10k-images-idx3-ubyte',
    split: 'valid',
    holds: 'images',
    dims: [10_000, 28, 28],
    sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    packed: { bytes: 4_422_102, md5: 'bef4ecab320f06d8554ea6380940ec79' },
  },
  {
    name: 't10k-labels-idx1-ubyte',
    split: 'valid',
    holds: 'labels',
    dims: [10_000],
    sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    packed: { bytes: 5_148, md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
  },
]
