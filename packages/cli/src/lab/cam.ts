import path from 'node:path'
import { createRng } from '@tricklab/core'
import type { SourceBatch } from '@tricklab/core/contracts'
import { writeFileAtomic } from '@tricklab/core/files'
import * as tf from '@tricklab/core/tf'
import { toRgb } from '@tricklab/data'
import type { Command } from 'commander'
import { wholeNumber } from '../options/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { type ClassMaps, classMaps, cutModel, mapOf } from './cam/maps.ts'
import { camPage, type ShownClass, type ShownImage } from './cam/page.ts'
import { isIndex, titleOf } from './images/chosen.ts'
import { addLookOptions, type LookArguments, type OpenedModel, openOnImages } from './images/open.ts'

interface CamArguments extends LookArguments {
  /** Classes an image. */
  readonly top: number
}

/** Declares `lab cam`. */
export function addCam(program: Command): void {
  const command = program
    .command('cam')
    .description('write a page of class activation maps: where in an image a trained network finds its classes')
    .argument('<run>', 'run folder, with weights')
    .argument('<images...>', 'image files, or numbers of validation images')
    .option('--top <n>', 'how many classes to draw for an image, the likeliest first', wholeNumber('--top', 1), 3)
  addLookOptions(command, 'TABLE-ROW-cam.html').action((run: string, images: string[], options: CamArguments) =>
    showCam(run, images, options),
  )
}

/** `pnpm lab cam RUN IMAGE…`: where in images a trained network finds its classes, as a page. */
async function showCam(run: string, images: readonly string[], given: CamArguments): Promise<void> {
  const view = createProgressView()
  try {
    const opened = await openOnImages(run, images, given, { progress: view.sink, check: cutModel })
    const { manifest, seed, model, source } = opened
    const cut = cutModel(model)
    const sections: ShownImage[] = []
    for await (const batch of source.read('valid', 0, 0)) {
      const maps = await classMaps(cut, batch.images, { training: false, rng: createRng(seed) })
      sections.push(await describeImage(images[sections.length]!, batch, maps, opened, given.top))
      tf.dispose([batch.images, batch.targets])
    }
    await opened.dispose()

    const { table, row, title } = manifest
    const file = path.resolve(given.out ?? `${table}-${row}-cam.html`)
    const subtitle = `${title} · seed ${seed} · ${images.length} image${images.length > 1 ? 's' : ''}`
    await writeFileAtomic(file, [camPage(`${table}/${row}`, subtitle, sections)])
    if (given.json !== true) process.stdout.write(`Class activation maps: ${file}\n`)
    else process.stdout.write(`${JSON.stringify({ table, row, seed, images: sections.map(summarize), page: file })}\n`)
  } finally {
    view.close()
  }
}

async function describeImage(
  name: string,
  batch: SourceBatch,
  maps: ClassMaps,
  { source }: OpenedModel,
  top: number,
): Promise<ShownImage> {
  const [, height, width, channels] = batch.images.shape
  const values = (await batch.images.data()) as Float32Array
  const targets = [...((await batch.targets.data()) as Float32Array)]
  return {
    name: titleOf(name),
    label: isIndex(name) ? source.classes[targets.indexOf(Math.max(...targets))] : undefined,
    width,
    height,
    pixels: toRgb(values, channels, source.normalization),
    cells: { width: maps.width, height: maps.height },
    classes: likeliest(maps, source.classes, top),
  }
}

/** The classes with the highest scores, their probabilities by a softmax over all. */
function likeliest(maps: ClassMaps, classes: readonly string[], top: number): ShownClass[] {
  const { scores, biases } = maps
  const largest = Math.max(...scores)
  const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0)
  return [...scores.keys()]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, top)
    .map((index) => ({
      name: classes[index] ?? `output ${index}`,
      probability: Math.exp(scores[index]! - largest) / sum,
      score: scores[index]!,
      bias: biases[index]!,
      values: mapOf(maps, index),
    }))
}

const summarize = ({ name, label, cells, classes }: ShownImage) => ({
  name,
  label: label ?? null,
  ...cells,
  classes: classes.map(({ values, ...found }) => ({ ...found, values: [...values] })),
})
