import path from 'node:path'
import type { Batch, Split } from '@tricklab/core'
import type { SourceBatch } from '@tricklab/core/contracts'
import { writeFileAtomic } from '@tricklab/core/files'
import { type BoundCallback, createHooks } from '@tricklab/core/loop'
import type { Row } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type BatchSection, type NormalizedBatchSource, renderBatch, renderBatchPage } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { oneRow } from '@tricklab/repro'
import { type OpenedRow, openRow } from '@tricklab/train'
import type { Command } from 'commander'
import { addDataOption, type DataArguments } from '../options/options.ts'
import { outFile } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'

// The same photos under several draws, and enough of them to judge.
const draws = 4
const images = 12

interface ShowArguments extends DataArguments {
  readonly out?: string
}

/** Declares `lab show`. */
export function addShow(program: Command): void {
  const command = program
    .command('show')
    .description('write a page of training images as the network gets them: augmented, mixed, with their targets')
    .argument('<target>', 'TABLE/ROW')
  addDataOption(command)
    .option('--out <file>', 'file for the page; default: TABLE-ROW-samples.html', outFile)
    .action((target: string, options: ShowArguments) => showSamples(target, options))
}

/** `pnpm lab show TABLE/ROW`: training images as the network gets them. */
async function showSamples(target: string, given: ShowArguments): Promise<void> {
  const view = createProgressView()
  try {
    const row = await oneRow(target)
    await prepareEngine('auto')
    const opened = await openRow(row, { dataPaths: given.data ?? [], progress: view.sink })
    const sections = await collectSections(opened)
    await opened.dispose()
    const name = `${row.table.id}-${row.name}`
    const file = path.resolve(given.out ?? `${name}-samples.html`)
    await writeFileAtomic(file, [renderBatchPage(`${row.table.id}/${row.name}`, sections)])
    process.stdout.write(`Samples: ${file}\n`)
  } finally {
    view.close()
  }
}

async function collectSections({ stages, seed, openBatches, callbacks }: OpenedRow): Promise<BatchSection[]> {
  const { row } = stages[0]
  const { recipe } = row
  // One image a batch, in the dataset's order: so any image can be asked for, epoch after epoch.
  const single: Row = { ...row, recipe: { ...recipe, batchSize: 1, data: { ...recipe.data, shuffle: false } } }
  const plain = await openBatches(single)
  const figures: string[] = []
  for (let epoch = 0; epoch < draws; epoch++) figures.push(await renderSpread(plain, 'train', epoch))
  const validFigures = await renderSpread(plain, 'valid', 0)
  const sections = [
    {
      title: 'Training',
      text: `The same ${images} images, as the network gets them in the first ${draws} epochs with seed ${seed}.`,
      figures: figures.map((sheet, epoch) => `<h3>Epoch ${epoch + 1}</h3>${sheet}`).join(''),
    },
    { title: 'Validation', text: 'Validation images are the same in every epoch.', figures: validFigures },
  ]
  if (recipe.callbacks.length === 0) return sections

  const shuffled = await openBatches({ ...row, recipe: { ...recipe, batchSize: 2 * images } })
  const batch = await firstBatch(shuffled.read('train', 0, 0))
  const before: Batch = { ...batch, training: true, epoch: 0, index: 0, step: 0 }
  const { after, changed } = await runCallbacks(callbacks({ row, source: shuffled }), before)
  if (changed.length === 0) return sections
  return [
    ...sections,
    {
      title: 'The batch that the network sees',
      text: `The first training batch with its targets. ${changed.join(' ')}`,
      figures: await renderBatch(after, shuffled.classes, shuffled.normalization),
    },
  ]
}

/** A batch after every callback in its turn, and sentences that say which of them changed what. */
async function runCallbacks(
  callbacks: readonly BoundCallback[],
  batch: Batch,
): Promise<{ after: Batch; changed: string[] }> {
  const order = createHooks(callbacks).order('beforeBatch')
  const names = { images: [] as string[], targets: [] as string[] }
  let after = batch
  for (const name of order) {
    const before = after
    after = await createHooks(callbacks.filter((bound) => bound.name === name)).run('beforeBatch', before)
    if (after.images !== before.images) names.images.push(name)
    if (after.targets !== before.targets) names.targets.push(name)
  }
  const sentences = Object.entries(names).filter(([, by]) => by.length > 0)
  return { after, changed: sentences.map(([what, by]) => `Its ${what} were changed by ${by.join(' and ')}.`) }
}

/** Images at equal distances over a split. */
async function renderSpread(source: NormalizedBatchSource, split: Split, epoch: number): Promise<string> {
  const batches: SourceBatch[] = []
  const count = Math.min(images, source.samples(split))
  for (let i = 0; i < count; i++) {
    const index = Math.floor((i * source.samples(split)) / count)
    batches.push(await firstBatch(source.read(split, epoch, index)))
  }
  const whole = {
    images: tf.concat4d(
      batches.map((batch) => batch.images),
      0,
    ),
    targets: tf.concat2d(
      batches.map((batch) => batch.targets),
      0,
    ),
  }
  const figures = await renderBatch(whole, source.classes, source.normalization)
  tf.dispose([Object.values(whole), batches.map((batch) => [batch.images, batch.targets])])
  return figures
}

async function firstBatch(batches: AsyncIterable<SourceBatch>): Promise<SourceBatch> {
  for await (const batch of batches) return batch
  throw new Error('an epoch without a batch')
}
