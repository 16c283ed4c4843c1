import path from 'node:path'
import { writeFileAtomic } from '@tricklab/core/files'
import { prepareEngine } from '@tricklab/engine'
import { findRates, formatRateSearch, oneRow, renderRateSearch } from '@tricklab/repro'
import type { Command } from 'commander'
import { type EngineArguments, engineChoice, positiveNumber, wholeNumber } from '../options/arguments.ts'
import { addDataOption, addEngineOptions, addJsonOption, type DataArguments } from '../options/options.ts'
import { outFile } from '../ui/out-file.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

interface LrFindArguments extends EngineArguments, DataArguments {
  readonly start: number
  readonly end: number
  readonly steps: number
  readonly seed?: number
  readonly out?: string
  readonly json?: boolean
}

/** Declares `lab lr-find`. */
export function addLrFind(program: Command): void {
  const command = program
    .command('lr-find')
    .description('find learning rates for a row: train it on trial with a rising rate, and save nothing but the page')
    .argument('<target>', 'TABLE/ROW')
    .option('--start <rate>', 'learning rate of the first step', positiveNumber('--start'), 1e-7)
    .option('--end <rate>', 'learning rate after the last step', positiveNumber('--end'), 10)
    .option('--steps <n>', 'how many updates of the weights', wholeNumber('--steps', 6), 100)
    .option('--seed <n>', 'seed of weights and batches; default: the first of the row', wholeNumber('--seed', 0))
  addEngineOptions(command)
  addDataOption(command).option('--out <file>', 'file for the page; default: TABLE-ROW-lr-find.html', outFile)
  addJsonOption(command).action((target: string, options: LrFindArguments) => lrFind(target, options))
}

/** `pnpm lab lr-find TABLE/ROW`: a mock training with a rising learning rate, and what it suggests. */
async function lrFind(target: string, given: LrFindArguments): Promise<void> {
  const row = await oneRow(target)
  const name = `${row.table.id}/${row.name}`
  const view = createProgressView()
  const notice = (message: string) => view.sink({ kind: 'notice', message })
  const signal = stopSignal(notice)
  try {
    const [engine, engineOptions] = engineChoice(given)
    const preferredPrecision = row.recipe.precision ?? 'f32'
    await prepareEngine(engine, { ...engineOptions, preferredPrecision, onNotice: notice })
    const { start, end, steps, seed = row.seeds[0] ?? 1, data: dataPaths = [] } = given
    const search = await findRates(row, { start, end, steps, seed, dataPaths, progress: view.sink, signal })
    view.close()
    const page = path.resolve(given.out ?? `${row.table.id}-${row.name}-lr-find.html`)
    await writeFileAtomic(page, [renderRateSearch(name, search)])
    process.stderr.write(`${formatRateSearch(search)}\n\nPage: ${page}\n`)
    if (given.json === true) process.stdout.write(`${JSON.stringify({ row: name, seed, ...search, page })}\n`)
  } finally {
    view.close()
  }
}
