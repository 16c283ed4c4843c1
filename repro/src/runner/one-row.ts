import { fail } from '@tricklab/core'
import { normalizeRow, normalizeVariant, type Row } from '@tricklab/core/recipe'
import { findTarget } from './tables.ts'

/** The single row that can be trained which a target names: of a training table, or a variant whose steps are timed. @errors E_ARGUMENT */
export async function oneRow(text: string): Promise<Row> {
  const { table, rows } = await findTarget(text)
  const trainable = table.kind === 'training' || (table.kind === 'measurement' && table.measures === 'step-time')
  if (trainable && rows.length === 1) {
    return table.kind === 'training' ? normalizeRow(table, rows[0]!) : normalizeVariant(table, rows[0]!)
  }
  fail('E_ARGUMENT', {
    what: `"${text}" is not one training row.`,
    expected: trainable ? `one of ${rows.map((row) => `${table.id}/${row}`).join(', ')}.` : 'a training row.',
    received: trainable ? `${rows.length} rows.` : `a ${table.kind} table.`,
    fix: 'name TABLE/ROW; `pnpm repro list` shows all.',
  })
}
