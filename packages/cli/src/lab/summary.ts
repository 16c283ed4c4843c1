import { createModel, createRegistry, createRng, fail, normalizeRow, normalizeSummaryModel } from '@tricklab/core'
import { formatSummary, summarize } from '@tricklab/nn'
import { findTarget, openDataset } from '@tricklab/repro'

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
    const row = normalizeRow(table, name, registry)
    const dataset = await openDataset(row, { dataPaths: [], progress: () => {}, signal: new AbortController().signal })
    model = row.recipe.model
    shape = { imageShape: (await dataset.read('train', 0)).shape, classes: dataset.classes.length }
  }
  const built = createModel(registry, model, { ...shape, init: createRng(0) })
  const result = summarize(built)
  built.dispose()
  return json ? JSON.stringify(result) : formatSummary(result)
}
