import { createRng, type Dataset, type Sample, type Shape, type Split } from '@tricklab/core'

/** Random images; the first two bytes of an image tell its index. */
export function createMemoryDataset(
  sizes: Readonly<Record<Split, number>>,
  shape: Shape = [3, 2, 1],
  classes = 4,
): Dataset & Required<Pick<Dataset, 'readSync'>> {
  const samples = (split: Split) =>
    Array.from({ length: sizes[split] }, (_, index): Sample => {
      const stream = createRng(7).at(split, index)
      const pixels = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => stream.integer(256))
      pixels[0] = index & 255
      pixels[1] = index >> 8
      return { pixels, shape, label: stream.integer(classes) }
    })
  const stored = { train: samples('train'), valid: samples('valid') }
  const readSync = (split: Split, index: number) => stored[split][index]!
  return {
    classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
    digest: '0'.repeat(64),
    size: (split) => sizes[split],
    read: async (split, index) => readSync(split, index),
    readSync,
  }
}
