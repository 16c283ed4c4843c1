import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import {
  createModel,
  createRegistry,
  createRng,
  type Dataset,
  fail,
  type Json,
  listParams,
  type Model,
  type Photo,
  type Row,
  type SourceBatch,
  stageRecipes,
} from '@tricklab/core'
import { hashJson, writeFileAtomic } from '@tricklab/core/checkpoint'
import * as tf from '@tricklab/core/tf'
import { type NormalizedBatchSource, readImageSize } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { loadWeights, type Manifest, openDataset, openRun, openSource } from '@tricklab/repro'
import { type EngineArguments, engineChoice } from '../repro/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { type Position, readMaps } from './attention/maps.ts'
import { observeAttention, type Seen } from './attention/observe.ts'
import { attentionPage, type ShownImage } from './attention/page.ts'

export interface AttentionArguments extends EngineArguments {
  readonly positions?: readonly Position[]
  readonly seed?: number
  readonly table?: string
  readonly data?: string[]
  readonly out?: string
  readonly json?: boolean
}

/** `pnpm lab attention RUN IMAGE…`: what the positions of images take up of each other, as a page. */
export async function showAttention(run: string, images: readonly string[], given: AttentionArguments): Promise<void> {
  const view = createProgressView()
  try {
    const opened = await openRun(run, given.table)
    const { manifest, logs } = opened.record
    const row = forSingleImages(opened.row)
    const seed = given.seed ?? logs.find(({ end }) => end !== null)?.seed ?? manifest.seeds[0]!
    await prepareEngine(...engineChoice(given))
    const { signal } = new AbortController()
    const dataset = await openDataset(row, { dataPaths: given.data ?? [], progress: view.sink, signal })
    const shown = await chooseImages(row, dataset, images)
    const source = await openSource(row, {}, shown, createRng(seed))

    const seen: Seen[] = []
    const registry = createRegistry(observeAttention(row.table.plugins, (map) => seen.push(map)))
    const { imageShape, classes } = source
    const init = createRng(seed).scope('init')
    const model = createModel(registry, row.recipe.model, { imageShape, classes: classes.length, init })
    const blocks = attentionBlocks(model)
    if (blocks.length === 0) refuseWithout(manifest)
    const known = logs.find((log) => log.seed === seed)?.end?.weights
    await loadWeights(model, path.join(run, `seed-${seed}.safetensors`), known)

    const positions = given.positions ?? defaultPositions(imageShape)
    checkPositions(positions, imageShape)
    const sections: ShownImage[] = []
    let index = 0
    for await (const batch of source.read('valid', 0, 0)) {
      const scores = tf.tidy(() => tf.softmax(model.apply(batch.images, { training: false, rng: createRng(seed) })))
      sections.push(await describeImage(images[index++]!, { batch, scores, source, seen, blocks, positions }))
      tf.dispose([scores, batch.images, batch.targets, seen.splice(0).map(({ map }) => map)])
    }
    model.dispose()
    await source.dispose?.()

    const name = `${manifest.table}-${manifest.row}`
    const file = path.resolve(given.out ?? `${name}-attention.html`)
    const subtitle = `${manifest.title} · seed ${seed} · ${images.length} image${images.length > 1 ? 's' : ''}`
    await writeFileAtomic(file, [attentionPage(`${manifest.table}/${manifest.row}`, subtitle, sections)])
    if (given.json !== true) process.stdout.write(`Attention: ${file}\n`)
    else process.stdout.write(`${JSON.stringify({ ...summarizeSections(manifest, seed, sections), page: file })}\n`)
  } finally {
    view.close()
  }
}

/** What the network sees at last, one image at a time and of no random split: the images are chosen by name. */
function forSingleImages(row: Row): Row {
  const last = stageRecipes(row.recipe).at(-1)!
  const { split: _split, validFraction: _fraction, ...data } = last.data
  return { ...row, recipe: { ...last, batchSize: 1, data: { ...data, shuffle: false } } }
}

/** The dataset with the named images as its validation split: files, or indices of the split that it had. */
async function chooseImages(row: Row, dataset: Dataset, names: readonly string[]): Promise<Dataset> {
  const chosen: (number | Photo)[] = []
  for (const name of names) chosen.push(/^\d+$/.test(name) ? indexOf(name, dataset) : await openPhoto(name, row))
  const original = (index: number) => {
    const choice = chosen[index]!
    return typeof choice === 'number' ? choice : 0
  }
  const { photo, readSync } = dataset
  const view: Dataset = {
    classes: dataset.classes,
    // Decoded photos are kept by digest; these are others than the dataset's.
    digest: hashJson([dataset.digest, ...chosen] as unknown as Json),
    size: (split) => (split === 'valid' ? chosen.length : dataset.size(split)),
    read: (split, index) => dataset.read(split, split === 'valid' ? original(index) : index),
    ...(readSync === undefined
      ? {}
      : { readSync: (split, index) => readSync.call(dataset, split, split === 'valid' ? original(index) : index) }),
  }
  if (photo === undefined) return view
  return {
    ...view,
    photo(split, index) {
      const choice = split === 'valid' ? chosen[index]! : index
      return typeof choice === 'number' ? photo.call(dataset, split, choice) : choice
    },
  }
}

function indexOf(name: string, dataset: Dataset): number {
  const index = Number(name)
  if (index < dataset.size('valid')) return index
  return fail('E_ARGUMENT', {
    what: `The validation split has no image ${name}.`,
    expected: `an index below ${dataset.size('valid')}, or a file.`,
    received: `"${name}".`,
    fix: 'name another.',
  })
}

async function openPhoto(file: string, row: Row): Promise<Photo> {
  if (row.recipe.data.valid === undefined) {
    fail('E_ARGUMENT', {
      what: `${row.table.id}/${row.name} does not learn from photos, so a file cannot be cropped for it.`,
      expected: 'indices of its validation split.',
      received: `"${file}".`,
      fix: 'name images by number: 0 1 2.',
    })
  }
  if (!existsSync(file) || !statSync(file).isFile()) {
    fail('E_ARGUMENT', {
      what: `There is no image ${file}.`,
      expected: 'files of images, or indices of the validation split.',
      received: `"${file}".`,
      fix: 'check the path.',
    })
  }
  const absolute = path.resolve(file)
  return { path: absolute, label: 0, ...(await readImageSize(readFileSync(absolute), absolute)) }
}

/** The attention blocks of a model in the order in which they are applied: where each stands, and its γ. */
function attentionBlocks(model: Model) {
  return listParams(model.params).flatMap(({ path: name, value }) => {
    const place = /^(.*attention.*)\/gamma$/.exec(name)?.[1]
    return place === undefined ? [] : [{ name: place, gamma: value }]
  })
}

async function describeImage(
  name: string,
  {
    batch,
    scores,
    source,
    seen,
    blocks,
    positions,
  }: {
    batch: SourceBatch
    scores: tf.Tensor2D
    source: NormalizedBatchSource
    seen: readonly Seen[]
    blocks: ReturnType<typeof attentionBlocks>
    positions: readonly Position[]
  },
): Promise<ShownImage> {
  const [, height, width, channels] = batch.images.shape
  const values = (await batch.images.data()) as Float32Array
  const probabilities = [...((await scores.data()) as Float32Array)]
  const best = probabilities.indexOf(Math.max(...probabilities))
  const found: ShownImage['blocks'][number][] = []
  for (const [index, { map, ...cells }] of seen.entries()) {
    const block = blocks[index]!
    const [gamma] = await block.gamma.data()
    const maps = readMaps((await map.data()) as Float32Array, { width, height }, cells, positions)
    found.push({ name: block.name, gamma: gamma!, cells, maps })
  }
  return {
    name: /^\d+$/.test(name) ? `validation image ${name}` : path.basename(name),
    width,
    height,
    pixels: toRgb(values, channels, source.normalization),
    prediction: `The network says ${source.classes[best] ?? `output ${best}`}, with probability ${probabilities[best]!.toFixed(3)}.`,
    blocks: found,
  }
}

/** Normalised pixels as bytes of red, green and blue. */
function toRgb(
  values: Float32Array,
  channels: number,
  { mean, std }: NormalizedBatchSource['normalization'],
): Uint8Array {
  const count = values.length / channels
  const pixels = new Uint8Array(count * 3)
  for (let pixel = 0; pixel < count; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = Math.min(colour, channels - 1)
      const value = values[pixel * channels + channel]! * (std[channel] ?? std[0]!) + (mean[channel] ?? mean[0]!)
      pixels[pixel * 3 + colour] = Math.round(255 * Math.min(1, Math.max(0, value)))
    }
  }
  return pixels
}

/** The centre, and the centres of the four quarters. */
function defaultPositions([height, width]: readonly number[]): Position[] {
  const at = (x: number, y: number) => ({ x: Math.floor(x * width!), y: Math.floor(y * height!) })
  return [at(0.5, 0.5), at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)]
}

function checkPositions(positions: readonly Position[], [height, width]: readonly number[]): void {
  const outside = positions.find(({ x, y }) => x >= width! || y >= height!)
  if (outside === undefined) return
  fail('E_ARGUMENT', {
    what: `The position ${outside.x},${outside.y} is outside the image.`,
    expected: `x below ${width} and y below ${height}: pixels of the image as the network sees it.`,
    received: `${outside.x},${outside.y}.`,
    fix: 'choose another with --positions.',
  })
}

function refuseWithout({ table, row }: Manifest): never {
  fail('E_ARGUMENT', {
    what: `The model of ${table}/${row} has no attention to show.`,
    expected: 'a run of a row with SSA: slots: { attention: { use: "ssa", … } }.',
    received: 'a model without it.',
    fix: '`pnpm lab summary TABLE/ROW` shows the layers of a row.',
  })
}

function summarizeSections({ table, row }: Manifest, seed: number, images: readonly ShownImage[]) {
  return {
    table,
    row,
    seed,
    images: images.map(({ name, prediction, blocks }) => ({
      name,
      prediction,
      blocks: blocks.map(({ name: block, gamma, cells, maps }) => ({
        block,
        gamma,
        ...cells,
        maps: maps.map(({ title, positions, values }) => ({ title, positions, values: [...values] })),
      })),
    })),
  }
}
