import path from 'node:path'
import { createRegistry, type Dataset, fail } from '@tricklab/core'
import { failAll } from '@tricklab/core/errors'
import { writeFileAtomic } from '@tricklab/core/files'
import {
  checkDataPaths,
  countGroups,
  type DatasetReport,
  data,
  type PhotoDataset,
  renderDatasetPage,
  renderSamplePage,
  reportDataset,
  reportSamples,
} from '@tricklab/data'
import { oneRow } from '@tricklab/repro'
import { describeRow, type ProgressSink } from '@tricklab/train'
import type { Command } from 'commander'
import { addDataOption, type DataArguments } from '../options/options.ts'
import { outFile } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { formatStatistics, measureBatch } from './dataset-statistics.ts'

interface DatasetArguments extends DataArguments {
  readonly archive?: string
  readonly out?: string
  readonly statistics?: boolean
  readonly json?: boolean
}

/** Declares `lab dataset`. */
export function addDataset(program: Command): void {
  const command = program
    .command('dataset')
    .description('count the images of a dataset, find duplicates, and write a page with sample images')
    .argument('<name>', 'name of a dataset, such as imagewoof2; or TABLE/ROW for the dataset of that row')
  addDataOption(command)
    .option('--archive <size>', 'full, 320 or 160')
    .option('--out <file>', 'file for the page; default: NAME.html', outFile)
    .option('--statistics', 'also print mean and deviation of one training batch, before and after normalisation')
    .option('--json', 'one JSON object on standard output, no page')
    .action((name: string, options: DatasetArguments) => showDataset(name, options))
}

/** `pnpm lab dataset NAME`: counts and equal images on standard output, a contact sheet as a page. */
async function showDataset(name: string, given: DatasetArguments): Promise<void> {
  checkDataPaths(given.data ?? [])
  const view = createProgressView()
  try {
    const dataset = await openNamed(name, given, view.sink)
    const photos = isPhotoDataset(dataset) ? dataset : undefined
    if (photos === undefined && given.statistics === true)
      refuse('--statistics', 'photographs, which are cut to one size first')
    const samples = photos === undefined ? await reportSamples(dataset) : undefined
    const report = samples ?? reportDataset(photos!)
    const statistics = given.statistics === true ? await measureBatch(name, dataset) : undefined
    if (given.json === true) {
      const { shown: _shown, ...counted } = { shown: undefined, ...report }
      process.stdout.write(`${JSON.stringify({ dataset: name, ...counted, ...(statistics && { statistics }) })}\n`)
      return
    }
    process.stdout.write(`${formatReport(report)}\n`)
    if (statistics !== undefined) process.stdout.write(`\n${formatStatistics(statistics)}\n\n`)
    const file = path.resolve(given.out ?? `${path.basename(name).replace(/[^\w-]+/g, '-')}.html`)
    const page = samples === undefined ? renderDatasetPage(name, photos!) : renderSamplePage(name, samples)
    await writeFileAtomic(file, [await page])
    process.stdout.write(`Contact sheet: ${file}\n`)
  } finally {
    view.close()
  }
}

/** A dataset of the data package by its name, or that of a row, whose table may bring plugins. */
async function openNamed(name: string, given: DatasetArguments, progress: ProgressSink): Promise<Dataset> {
  const { signal } = new AbortController()
  const dataPaths = given.data ?? []
  if (/[/#]|\.[cm]?[jt]s$/.test(name)) {
    if (given.archive !== undefined)
      refuse('--archive', 'datasets by their name; a row says itself which archive it wants')
    return describeRow(await oneRow(name), { progress }).openDataset({ dataPaths, progress, signal })
  }
  const registry = createRegistry([data], { log: (message) => progress({ kind: 'notice', message }) })
  const options = given.archive === undefined ? {} : { archive: given.archive }
  const { use, problems } = registry.normalize('dataset', { use: name, ...options }, 'lab dataset')
  failAll(problems)
  return registry.create('dataset', use, {
    dataPaths,
    onProgress: ({ total, ...rest }) => progress({ kind: 'data', total, ...rest }),
  })
}

/** Ours of files, which know every file's checksum. */
const isPhotoDataset = (dataset: Dataset): dataset is PhotoDataset => 'skipped' in dataset

function refuse(option: string, what: string): never {
  fail('E_ARGUMENT', { what: `${option} is for ${what}.`, received: `${option}.`, fix: 'leave it out.' })
}

function formatReport({ classes, digest, note, files, duplicates, skipped }: DatasetReport): string {
  const width = Math.max(...classes.map(({ name }) => name.length), 5)
  const line = (name: string, train: string | number, valid: string | number) =>
    `${name.padEnd(width)}  ${String(train).padStart(6)}  ${String(valid).padStart(6)}`
  const sum = (split: 'train' | 'valid') => classes.reduce((total, entry) => total + entry[split], 0)
  const groups = files.map((group, index) => {
    const { conflicting, leaking } = duplicates[index]!
    const marks = [conflicting ? 'labels conflict' : '', leaking ? 'in both splits' : ''].filter(Boolean).join(', ')
    return `  ${group.map(({ file, label }) => `${file} (${label})`).join(' = ')}${marks === '' ? '' : `: ${marks}`}`
  })
  return [
    line('class', 'train', 'valid'),
    ...classes.map(({ name, train, valid }) => line(name, train, valid)),
    line('all', sum('train'), sum('valid')),
    '',
    `digest ${digest}`,
    ...(note === null ? [] : [note]),
    `${countGroups(files.length)} of equal files${files.length === 0 ? '' : ':'}`,
    ...groups,
    ...(skipped.length === 0 ? [] : [`left out: ${skipped.join(', ')}`]),
  ].join('\n')
}
