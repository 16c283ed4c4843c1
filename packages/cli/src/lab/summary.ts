import {
  type BatchSource,
  createModel,
  createRegistry,
  createRng,
  fail,
  normalizeSummaryModel,
  type Row,
} from '@tricklab/core'
import { prepareEngine } from '@tricklab/engine'
import { formatSummary, summarize } from '@tricklab/nn'
import { findTarget, knownInput, openDataset, openSource } from '@tricklab/repro'
import type { Command } from 'commander'
import { oneRow } from './explain.ts'

/** Declares `lab summary`. */
export function addSummary(program: Command): void {
  program
    .command('summary')
    .description('print the layers of a row with shapes, parameters, MFlops and multiply-accumulates')
    .argument('<target>', 'TABLE/ROW')
    .option('--json', 'one JSON object on standard output')
    .action(async (target: string, { json }: { json?: boolean }) => {
      await prepareEngine('auto')
      process.stdout.write(`${await summary(target, json === true)}\n`)
    })
}

/** Layers of the model of one row, as text or JSON. */
export async function summary(text: string, json: boolean): Promise<string> {
  const { table, rows } = await findTarget(text)
  const [name, ...others] = rows
  if (name === undefined || others.length > 0) {
    fail('E_ARGUMENT', {
      what: `"${text}" names ${rows.length} rows.`,
      expected: `one of ${rows.map((row) => `${table.id}/${row}`).join(', ')}.`,
      received: `"${text}".`,
      fix: 'name TABLE/ROW.',
    })
  }
  const registry = createRegistry(table.plugins)
  let model: Parameters<typeof createModel>[1]
  let shape: { imageShape: readonly [number, number, number]; classes: number }
  if (table.kind === 'summary') {
    model = normalizeSummaryModel(table, name, registry)
    shape = { imageShape: table.imageShape, classes: table.classes }
  } else {
    const row = await oneRow(text)
    const { imageShape, classes } = knownInput(row) ?? (await openInput(row))
    model = row.recipe.model
    shape = { imageShape, classes: classes.length }
  }
  const built = createModel(registry, model, { ...shape, init: createRng(0) })
  const result = summarize(built)
  built.dispose()
  return json ? JSON.stringify(result) : formatSummary(result)
}

/** Of a dataset that says nothing of itself before it is opened. */
async function openInput(row: Row): Promise<Pick<BatchSource, 'imageShape' | 'classes'>> {
  const dataset = await openDataset(row, { dataPaths: [], progress: () => {}, signal: new AbortController().signal })
  const source = await openSource(row, {}, dataset, createRng(1))
  await source.dispose?.()
  return source
}
