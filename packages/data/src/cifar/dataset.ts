import { type Dataset, fail, type Split } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import { digestOfFiles, type FileSet, type KnownFile } from '../files/file-set.ts'
import { type FileContents, readFiles } from '../files/read.ts'
import { createSampleDataset, type SplitSamples } from '../samples/dataset.ts'

/** A file of the binary version of CIFAR: one record after the other. */
export interface CifarFile extends KnownFile {
  readonly split: Split
}

export interface CifarSet extends FileSet {
  /** The class names in the order of the labels. */
  readonly classes: readonly string[]
  readonly files: readonly CifarFile[]
  /** Bytes before the pixels of a record, of which the last is the label. */
  readonly labelBytes: number
}

const side = 32
const area = side * side

/** A dataset in the binary format of CIFAR: labels, then 32 × 32 bytes of red, of green and of blue. */
export function cifarDataset(doc: string, set: CifarSet) {
  const { classes, files } = set
  const size = (split: Split) =>
    files.filter((file) => file.split === split).reduce((sum, { bytes }) => sum + bytes, 0) / recordBytes(set)
  return {
    doc,
    options: {},
    facts: () => ({
      classes,
      imageShape: [side, side, 3] as const,
      contents: { train: size('train'), valid: size('valid'), digests: [digestOfFiles(files)], exhaustive: true },
    }),
    create: async (_options, context) => createCifarDataset(set, await readFiles(set, context)),
  } satisfies Component<'dataset', Record<never, never>>
}

const recordBytes = ({ labelBytes }: Pick<CifarSet, 'labelBytes'>) => labelBytes + 3 * area

/** @errors E_DATASET_CORRUPT for a label without a class, and for a file that ends within a record */
export function createCifarDataset(
  set: Pick<CifarSet, 'classes' | 'files' | 'labelBytes'>,
  contents: FileContents,
): Dataset {
  const samplesOf = (split: Split) =>
    joinSamples(
      set.files
        .filter((file) => file.split === split)
        .map(({ name }) => readRecords(contents.get(name)!, name, set.labelBytes)),
    )
  const { classes, files } = set
  return createSampleDataset({
    classes,
    digest: digestOfFiles(files),
    shape: [side, side, 3],
    train: samplesOf('train'),
    valid: samplesOf('valid'),
  })
}

function readRecords(content: Uint8Array, name: string, labelBytes: number): SplitSamples {
  const bytes = recordBytes({ labelBytes })
  const count = content.length / bytes
  if (!Number.isInteger(count)) {
    fail('E_DATASET_CORRUPT', {
      what: `${name} ends within a record.`,
      expected: `a multiple of ${bytes} bytes.`,
      received: `${content.length} bytes.`,
    })
  }
  const [images, labels] = [new Uint8Array(count * 3 * area), new Uint8Array(count)]
  for (let record = 0; record < count; record++) {
    const start = record * bytes + labelBytes
    labels[record] = content[start - 1]!
    for (let channel = 0; channel < 3; channel++) {
      const plane = start + channel * area
      const to = record * 3 * area + channel
      for (let pixel = 0; pixel < area; pixel++) images[to + 3 * pixel] = content[plane + pixel]!
    }
  }
  return { images, labels }
}

function joinSamples(parts: readonly SplitSamples[]): SplitSamples {
  const join = (of: (part: SplitSamples) => Uint8Array) => new Uint8Array(Buffer.concat(parts.map(of)))
  return { images: join(({ images }) => images), labels: join(({ labels }) => labels) }
}
