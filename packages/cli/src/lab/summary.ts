import { createRegistry, createRng, fail, type Model } from '@tricklab/core'
import { createModel, normalizeSummaryModel, type SummaryTable } from '@tricklab/core/recipe'
import { prepareEngine } from '@tricklab/engine'
import { formatSummary, summarize } from '@tricklab/nn'
import { findTarget, oneRow } from '@tricklab/repro'
import { openModel } from '@tricklab/train'
import type { Command } from 'commander'

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
  const model = table.kind === 'summary' ? summaryModel(table, name) : (await openModel(await oneRow(text))).model
  const result = summarize(model)
  model.dispose()
  return json ? JSON.stringify(result) : formatSummary(result)
}

function summaryModel(table: SummaryTable, name: string): Model {
  const registry = createRegistry(table.plugins)
  const model = normalizeSummaryModel(table, name, registry)
  const { imageShape, classes } = table
  return createModel(registry, model, { imageShape, classes, init: createRng(0) })
}
