import type { Row } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import { prepareRows } from '../runner/run.ts'

/** A row to train, and how another process finds its table. */
export interface ReferencedRow {
  readonly row: Row
  readonly reference: string
}

/** Every documented row that is trained, in the order of the tables. */
export function documentedRows(): ReferencedRow[] {
  return tables.flatMap((table) =>
    table.kind === 'training'
      ? prepareRows(table, Object.keys(table.rows)).map((row) => ({ row, reference: table.id }))
      : [],
  )
}
