import { createHash } from 'node:crypto'
import { type Dataset, type DatasetFacts, fail, type Sample, type Shape, type Split } from '@tricklab/core'
import { checkIndex } from '../check-index.ts'
import { readIdx } from '../idx/idx.ts'
import { fashionMnistClasses, fashionMnistFiles, type KnownFile } from './files.ts'
import { readKnownFile } from './verify.ts'

/** Where the files of the dataset lie, by name without `.gz`; the paths may end in `.gz` or not. */
export type FilePaths = ReadonlyMap<string, string>

/**
 * Reads FashionMNIST into memory (55 MB of bytes) and verifies every byte.
 *
 * A file is known by the SHA-256 of its unpacked content, so published, repacked and unpacked files all do. The
 * dataset's digest is the SHA-256 of the text that `sha256sum` prints for the four unpacked files in the order of
 * {@link fashionMnistFiles}: hash, two spaces, name, newline.
 * @param advice what to do about a bad file
 * @errors E_DATASET_CORRUPT for a file that is cut short, altered or not what its name says
 */
export async function loadFashionMnist(
  paths: FilePaths,
  advice: (path: string) => string,
  files: readonly KnownFile[] = fashionMnistFiles,
): Promise<Dataset> {
  const reads = await Promise.allSettled(
    files.map(async (file) => ({ file, content: await readKnownFile(file, paths.get(file.name)!, advice) })),
  )
  // Of several bad files the first in order is named, whichever was read faster.
  const contents = reads.map((read) => {
    if (read.status === 'rejected') throw read.reason
    return read.value
  })
  const array = (split: Split, holds: KnownFile['holds']) => {
    const { file, content } = contents.find((entry) => entry.file.split === split && entry.file.holds === holds)!
    return readDims(content, file, paths.get(file.name)!)
  }
  const images = { train: array('train', 'images'), valid: array('valid', 'images') }
  const labels = { train: array('train', 'labels'), valid: array('valid', 'labels') }
  for (const split of ['train', 'valid'] as const) checkLabels(labels[split], split)

  const [, height, width] = files[0]!.dims as readonly [number, number, number]
  const shape: Shape = [height, width, 1]
  const sizes = { train: labels.train.length, valid: labels.valid.length }
  const size = (split: Split) => sizes[split]

  function readSync(split: Split, index: number): Sample {
    checkIndex({ size }, split, index)
    const start = index * height * width
    return { pixels: images[split].subarray(start, start + height * width), shape, label: labels[split][index]! }
  }
  return {
    classes: fashionMnistClasses,
    digest: digestOf(files),
    size,
    read: async (split, index) => readSync(split, index),
    readSync,
  }
}

function readDims(content: Uint8Array, file: KnownFile, path: string): Uint8Array {
  const { dims, values } = readIdx(content, file.dims.length, path)
  if (dims.join() !== file.dims.join()) {
    fail('E_DATASET_CORRUPT', {
      what: `${path} holds another number of ${file.holds}.`,
      expected: `${file.dims.join(' × ')}.`,
      received: `${dims.join(' × ')}.`,
    })
  }
  return values
}

function checkLabels(labels: Uint8Array, split: Split): void {
  const index = labels.findIndex((label) => label >= fashionMnistClasses.length)
  if (index < 0) return
  fail('E_DATASET_CORRUPT', {
    what: `Label ${index} of the ${split} split has no class.`,
    expected: `0 to ${fashionMnistClasses.length - 1}.`,
    received: `${labels[index]}.`,
  })
}

function digestOf(files: readonly KnownFile[]): string {
  const listing = files.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('')
  return createHash('sha256').update(listing).digest('hex')
}

export function fashionMnistFacts(): DatasetFacts {
  const size = (split: Split) => fashionMnistFiles.find((file) => file.split === split)!.dims[0]!
  const sizes = { train: size('train'), valid: size('valid') }
  return {
    classes: fashionMnistClasses,
    imageShape: [28, 28, 1],
    contents: { ...sizes, digests: [digestOf(fashionMnistFiles)], exhaustive: true },
  }
}
