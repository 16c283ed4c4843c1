import path from 'node:path'
import { writeFileAtomic } from '@tricklab/core/checkpoint'
import { prepareEngine } from '@tricklab/engine'
import { findRates, formatRateSearch, openDataset, renderRateSearch } from '@tricklab/repro'
import { type EngineArguments, engineChoice } from '../repro/arguments.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { oneRow } from './explain.ts'

export interface LrFindArguments extends EngineArguments {
  readonly start: number
  readonly end: number
  readonly steps: number
  readonly seed?: number
  readonly data?: string[]
  readonly out?: string
  readonly json?: boolean
}

/** `pnpm lab lr-find TABLE/ROW`: a mock training with a rising learning rate, and what it suggests. */
export async function lrFind(target: string, given: LrFindArguments): Promise<void> {
  const row = await oneRow(target)
  const name = `${row.table.id}/${row.name}`
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const [engine, engineOptions] = engineChoice(given)
    const preferredPrecision = row.recipe.precision ?? 'f32'
    await prepareEngine(engine, { ...engineOptions, preferredPrecision, onNotice: notice })
    const dataset = await openDataset(row, { dataPaths: given.data ?? [], progress: view.sink, signal })
    const { start, end, steps, seed = row.seeds[0] ?? 1 } = given
    const search = await findRates(row, dataset, { start, end, steps, seed, progress: view.sink, signal })
    dataset.dispose?.()
    view.close()
    const page = path.resolve(given.out ?? `${row.table.id}-${row.name}-lr-find.html`)
    await writeFileAtomic(page, [renderRateSearch(name, search)])
    process.stderr.write(`${formatRateSearch(search)}\n\nPage: ${page}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify({ row: name, seed, ...search, page })}\n`)
  } finally {
    view.close()
  }
}
