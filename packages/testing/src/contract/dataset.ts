import { type Dataset, type DatasetContext, type Sample, type Split, TricklabError } from '@tricklab/core'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
import { type Check, type ContractProblem, describeError, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, show } from './spec.ts'

export interface DatasetSpec extends ComponentSpec {
  /** Folders to search for the data, as with `--data`. */
  readonly dataPaths?: readonly string[]
  /** Samples looked at in each split, spread over it; default 50. */
  readonly samples?: number
}

/** Runs the contract of a dataset; the problems found, none for a sound one. */
export async function checkDataset(spec: DatasetSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(datasetChecks, spec, selection)
}

const splits = ['train', 'valid'] as const

export const datasetChecks: readonly Check<DatasetSpec>[] = [
  ...optionChecks<DatasetSpec>('dataset', async (spec, registry, use) => {
    const dataset = await create(spec, registry, use)
    const sample = await dataset.read('train', dataset.size('train') - 1)
    dataset.dispose?.()
    return show([dataset.digest, dataset.classes, dataset.size('train'), sample.label, [...sample.pixels]])
  }),
  {
    name: 'sizes, classes and digest are sound',
    run: (spec) =>
      forDatasets(spec, (dataset) => {
        for (const split of splits) {
          const size = dataset.size(split)
          if (!Number.isSafeInteger(size) || size < 1) violate(`the ${split} split has size ${size}`)
        }
        if (!/^[0-9a-f]{64}$/.test(dataset.digest))
          violate(`the digest is "${dataset.digest}"; expected a SHA-256 in hex`)
        if (dataset.classes.length < 1) violate('there are no classes')
        if (new Set(dataset.classes).size !== dataset.classes.length) violate('two classes have one name')
      }),
  },
  {
    name: 'every sample has bytes for its shape and a label of the classes',
    run: (spec) =>
      forDatasets(spec, (dataset) => forSamples(spec, dataset, (sample, place) => checkSample(sample, place, dataset))),
  },
  {
    name: 'reading twice gives the same bytes',
    run: (spec) =>
      forDatasets(spec, (dataset) =>
        forSamples(spec, dataset, async (sample, place) => {
          expectSame(`${place}, read twice`, sample, await dataset.read(place.split, place.index))
        }),
      ),
  },
  {
    name: 'readSync is the same as read',
    run: (spec) =>
      forDatasets(spec, async (dataset) => {
        if (dataset.readSync === undefined) return
        await forSamples(spec, dataset, (sample, place) => {
          expectSame(`${place}, by readSync and read`, dataset.readSync!(place.split, place.index), sample)
        })
      }),
  },
  {
    name: 'two instances are equal',
    run: (spec) =>
      forDatasets(spec, async (dataset, another) => {
        const other = await another()
        try {
          if (dataset.digest !== other.digest) violate(`digests ${dataset.digest} and ${other.digest} of equal options`)
          if (show(dataset.classes) !== show(other.classes)) violate('classes of equal options differ')
          await forSamples(spec, dataset, async (sample, place) => {
            expectSame(`${place} of two instances`, sample, await other.read(place.split, place.index))
          })
        } finally {
          other.dispose?.()
        }
      }),
  },
  {
    name: 'reading out of range fails clearly',
    run: (spec) =>
      forDatasets(spec, async (dataset) => {
        for (const split of splits) {
          for (const index of [-1, dataset.size(split), 0.5, Number.NaN]) {
            await expectRefusal(split, index, 'read', async () => dataset.read(split, index))
            if (dataset.readSync === undefined) continue
            await expectRefusal(split, index, 'readSync', async () => dataset.readSync!(split, index))
          }
        }
      }),
  },
]

class Place {
  readonly split: Split
  readonly index: number

  constructor(split: Split, index: number) {
    this.split = split
    this.index = index
  }

  toString(): string {
    return `sample ${this.index} of the ${this.split} split`
  }
}

async function create(spec: DatasetSpec, registry: Registry, use: NormalUse): Promise<Dataset> {
  const context: DatasetContext = { dataPaths: spec.dataPaths ?? [], onProgress: () => {} }
  return registry.create('dataset', use, context)
}

async function forDatasets(
  spec: DatasetSpec,
  body: (dataset: Dataset, another: () => Promise<Dataset>) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'dataset', async (registry, use) => {
    const dataset = await create(spec, registry, use)
    try {
      await body(dataset, () => create(spec, registry, use))
    } finally {
      dataset.dispose?.()
    }
  })
}

/** First, last, and samples at equal distances between them, of both splits. */
async function forSamples(
  { samples = 50 }: DatasetSpec,
  dataset: Dataset,
  body: (sample: Sample, place: Place) => void | Promise<void>,
): Promise<void> {
  for (const split of splits) {
    const size = dataset.size(split)
    const count = Math.min(samples, size)
    for (let i = 0; i < count; i++) {
      const index = count === 1 ? 0 : Math.round((i * (size - 1)) / (count - 1))
      await body(await dataset.read(split, index), new Place(split, index))
    }
  }
}

function checkSample({ pixels, shape, label }: Sample, place: Place, { classes }: Dataset): void {
  const sides = shape.length === 3 && shape.every((side) => Number.isSafeInteger(side) && side >= 1)
  if (!sides) violate(`${place} has the shape ${show(shape)}`)
  const bytes = shape[0] * shape[1] * shape[2]
  if (!(pixels instanceof Uint8Array)) violate(`${place} holds no Uint8Array`)
  if (pixels.length !== bytes) violate(`${place} has ${pixels.length} bytes for the shape ${show(shape)}`)
  const known = Number.isInteger(label) && label >= 0 && label < classes.length
  if (!known) violate(`${place} has the label ${label}; there are ${classes.length} classes`)
}

function expectSame(what: string, a: Sample, b: Sample): void {
  if (show(a.shape) !== show(b.shape)) violate(`${what}: shapes ${show(a.shape)} and ${show(b.shape)}`)
  if (a.label !== b.label) violate(`${what}: labels ${a.label} and ${b.label}`)
  const different = a.pixels.reduce((count, byte, index) => count + (byte === b.pixels[index] ? 0 : 1), 0)
  if (different > 0) violate(`${what}: ${different} of ${a.pixels.length} bytes differ`)
}

async function expectRefusal(split: Split, index: number, how: string, read: () => Promise<Sample>): Promise<void> {
  const place = `${how}('${split}', ${index})`
  let error: unknown
  try {
    await read()
  } catch (thrown) {
    error = thrown
  }
  if (error === undefined) violate(`${place} gives a sample`)
  if (!(error instanceof TricklabError)) violate(`${place} ${describeError(error)}; expected a TricklabError`)
  if (!error.message.includes(String(index))) violate(`${place} fails without naming the index: ${error.message}`)
}
