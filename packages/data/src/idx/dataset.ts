import { type Dataset, fail, type Split } from '@tricklab/core'
import type { DatasetFacts } from '@tricklab/core/contracts'
import type { Component } from '@tricklab/core/plugin'
import { digestOfFiles, type FileSet, type KnownFile } from '../files/file-set.ts'
import { type FileContents, readFiles } from '../files/read.ts'
import { createSampleDataset } from '../samples/dataset.ts'
import { readIdx } from './idx.ts'

/** A file of images or labels in the format of MNIST. */
export interface IdxFile extends KnownFile {
  readonly split: Split
  readonly holds: 'images' | 'labels'
  /** Dimensions of the IDX array. */
  readonly dims: readonly number[]
}

export interface IdxSet extends FileSet {
  /** The class names in the order of the labels. */
  readonly classes: readonly string[]
  readonly files: readonly IdxFile[]
}

/** SHA-256 of an unpacked file; length and MD5 of its `.gz`. */
export type PublishedFile = readonly [sha256: string, packedBytes: number, packedMd5: string]

/** The four files of MNIST, and of everything that was made in its image: 60,000 and 10,000 images of 28 × 28 pixels. */
export function mnistFiles(published: {
  readonly trainImages: PublishedFile
  readonly trainLabels: PublishedFile
  readonly testImages: PublishedFile
  readonly testLabels: PublishedFile
}): IdxFile[] {
  const pair = (split: Split, stem: string, count: number, images: PublishedFile, labels: PublishedFile) => [
    idxFile(`${stem}-images-idx3-ubyte`, split, 'images', [count, 28, 28], images),
    idxFile(`${stem}-labels-idx1-ubyte`, split, 'labels', [count], labels),
  ]
  const { trainImages, trainLabels, testImages, testLabels } = published
  return [
    ...pair('train', 'train', 60_000, trainImages, trainLabels),
    ...pair('valid', 't10k', 10_000, testImages, testLabels),
  ]
}

function idxFile(
  name: string,
  split: Split,
  holds: IdxFile['holds'],
  dims: readonly number[],
  [sha256, bytes, md5]: PublishedFile,
): IdxFile {
  const unpacked = dims.reduce((product, dim) => product * dim, 1) + 4 + 4 * dims.length
  return { name, split, holds, dims, sha256, bytes: unpacked, packed: { bytes, md5 } }
}

/** A dataset that is published in the format of MNIST. */
export function idxDataset(doc: string, set: IdxSet) {
  return {
    doc,
    options: {},
    facts: () => idxFacts(set),
    create: async (_options, context) => createIdxDataset(set, await readFiles(set, context)),
  } satisfies Component<'dataset', Record<never, never>>
}

/** @errors E_DATASET_CORRUPT for a file that is not what its name says */
export function createIdxDataset(
  { files, classes }: Pick<IdxSet, 'files' | 'classes'>,
  contents: FileContents,
): Dataset {
  const arrayOf = (split: Split, holds: IdxFile['holds']) => {
    const file = files.find((entry) => entry.split === split && entry.holds === holds)!
    return readDims(contents.get(file.name)!, file)
  }
  const samplesOf = (split: Split) => ({ images: arrayOf(split, 'images'), labels: arrayOf(split, 'labels') })
  const [, height, width] = files[0]!.dims as readonly [number, number, number]
  return createSampleDataset({
    classes,
    digest: digestOfFiles(files),
    shape: [height, width, 1],
    train: samplesOf('train'),
    valid: samplesOf('valid'),
  })
}

function readDims(content: Uint8Array, file: IdxFile): Uint8Array {
  const { dims, values } = readIdx(content, file.dims.length, file.name)
  if (dims.join() !== file.dims.join()) {
    fail('E_DATASET_CORRUPT', {
      what: `${file.name} holds another number of ${file.holds}.`,
      expected: `${file.dims.join(' × ')}.`,
      received: `${dims.join(' × ')}.`,
    })
  }
  return values
}

function idxFacts({ files, classes }: IdxSet): DatasetFacts {
  const size = (split: Split) => files.find((file) => file.split === split)!.dims[0]!
  const [, height, width] = files[0]!.dims as readonly [number, number, number]
  return {
    classes,
    imageShape: [height, width, 1],
    contents: { train: size('train'), valid: size('valid'), digests: [digestOfFiles(files)], exhaustive: true },
  }
}
