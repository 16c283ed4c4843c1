import path from 'node:path'
import { createRng, fail, listParams, type Model } from '@tricklab/core'
import type { SourceBatch } from '@tricklab/core/contracts'
import { writeFileAtomic } from '@tricklab/core/files'
import * as tf from '@tricklab/core/tf'
import type { NormalizedBatchSource } from '@tricklab/data'
import { toRgb } from '@tricklab/data'
import type { Manifest } from '@tricklab/repro'
import type { Command } from 'commander'
import { positionList } from '../options/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { type Position, readMaps } from './attention/maps.ts'
import { observeAttention, type Seen } from './attention/observe.ts'
import { attentionPage, type ShownImage } from './attention/page.ts'
import { titleOf } from './images/chosen.ts'
import { addLookOptions, type LookArguments, openOnImages } from './images/open.ts'

interface AttentionArguments extends LookArguments {
  readonly positions?: readonly Position[]
}

/** Declares `lab attention`. */
export function addAttention(program: Command): void {
  const command = program
    .command('attention')
    .description(
      'write a page that shows how the positions of an image influence each other, for a trained row with SSA',
    )
    .argument('<run>', 'run folder, with weights')
    .argument('<images...>', 'image files, or numbers of validation images')
    .option(
      '--positions <list>',
      'pixels to draw maps for, such as 20,30;64,64; default: the centre and four more',
      positionList,
    )
  addLookOptions(command, 'TABLE-ROW-attention.html').action(
    (run: string, images: string[], options: AttentionArguments) => showAttention(run, images, options),
  )
}

/** `pnpm lab attention RUN IMAGE…`: what the positions of images take up of each other, as a page. */
async function showAttention(run: string, images: readonly string[], given: AttentionArguments): Promise<void> {
  const view = createProgressView()
  try {
    const seen: Seen[] = []
    const opened = await openOnImages(run, images, given, {
      progress: view.sink,
      plugins: (plugins) => observeAttention(plugins, (map) => seen.push(map)),
      check: (model, manifest) => attentionBlocks(model).length > 0 || refuseWithout(manifest),
    })
    const { manifest, seed, model, source } = opened
    const blocks = attentionBlocks(model)

    const positions = given.positions ?? defaultPositions(source.imageShape)
    checkPositions(positions, source.imageShape)
    const sections: ShownImage[] = []
    let index = 0
    for await (const batch of source.read('valid', 0, 0)) {
      const scores = tf.tidy(() => tf.softmax(model.apply(batch.images, { training: false, rng: createRng(seed) })))
      sections.push(await describeImage(images[index++]!, { batch, scores, source, seen, blocks, positions }))
      tf.dispose([scores, batch.images, batch.targets, seen.splice(0).map(({ map }) => map)])
    }
    await opened.dispose()

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
    name: titleOf(name),
    width,
    height,
    pixels: toRgb(values, channels, source.normalization),
    prediction: `The network says ${source.classes[best] ?? `output ${best}`}, with probability ${probabilities[best]!.toFixed(3)}.`,
    blocks: found,
  }
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
