import { createModel, createRegistry, createRng, fail, normalizeSummaryModel } from '@tricklab/core'
import { formatSummary, summarize } from '@tricklab/nn'
import { findTarget, openDataset, openSource } from '@tricklab/repro'
import { oneRow } from './explain.ts'

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
    const dataset = await openDataset(row, { dataPaths: [], progress: () => {}, signal: new AbortController().signal })
    const source = await openSource(row, {}, dataset, createRng(1))
    model = row.recipe.model
    shape = { imageShape: source.imageShape, classes: source.classes.length }
    await source.dispose?.()
  }
  const built = createModel(registry, model, { ...shape, init: createRng(0) })
  const result = summarize(built)
  built.dispose()
  return json ? JSON.stringify(result) : formatSummary(result)
}
