import path from 'node:path'
import { createRegistry, failAll } from '@tricklab/core'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import {
  countGroups,
  type DatasetReport,
  data,
  type PhotoDataset,
  renderDatasetPage,
  reportDataset,
} from '@tricklab/data'
import { createProgressView } from '../ui/progress-view.ts'
import { formatStatistics, measureBatch } from './dataset-statistics.ts'

export interface DatasetArguments {
  readonly data?: string[]
  readonly archive?: string
  readonly out?: string
  readonly statistics?: boolean
  readonly json?: boolean
}

/** `pnpm lab dataset NAME`: counts and equal files on standard output, a contact sheet as a page. */
export async function showDataset(name: string, given: DatasetArguments): Promise<void> {
  const view = createProgressView()
  try {
    const registry = createRegistry([data], { log: (message) => view.sink({ kind: 'notice', message }) })
    const options = given.archive === undefined ? {} : { archive: given.archive }
    const { use, problems } = registry.normalize('dataset', { use: name, ...options }, 'lab dataset')
    failAll(problems)
    const dataset = (await registry.create('dataset', use, {
      dataPaths: given.data ?? [],
      onProgress: ({ total, ...progress }) => view.sink({ kind: 'data', total, ...progress }),
    })) as PhotoDataset
    const report = reportDataset(dataset)
    const statistics = given.statistics === true ? await measureBatch(name, dataset) : undefined
    if (given.json === true) {
      process.stdout.write(`${JSON.stringify({ dataset: name, ...report, ...(statistics && { statistics }) })}\n`)
      return
    }
    process.stdout.write(`${formatReport(report)}\n`)
    if (statistics !== undefined) process.stdout.write(`\n${formatStatistics(statistics)}\n\n`)
    const file = path.resolve(given.out ?? `${name}.html`)
    await writeFileAtomic(file, [await renderDatasetPage(name, dataset)])
    process.stdout.write(`Contact sheet: ${file}\n`)
  } finally {
    view.close()
  }
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
