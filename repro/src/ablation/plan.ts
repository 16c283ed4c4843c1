import type { Json } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import { normalizeRow, type Row, rowNames } from '@tricklab/core/recipe'
import type { Trick } from './tricks.ts'

/** The whole row, or the row without one trick. */
export interface Variant {
  /** Null: the whole row. */
  readonly trick: Trick | null
  /** What runs. */
  readonly row: Row
  /** What has the same recipe and is run instead: `the row maxblurpool`, `without mish`; null where there is none. */
  readonly sameAs: string | null
}

/**
 * The whole row and one row for each trick that is left out. Recipes that are equal, to each other or to another row of
 * the table, run once, under the name that they have already.
 */
export function planAblation(row: Row, tricks: readonly Trick[]): Variant[] {
  const known = new Map([[row.hash, { row, called: 'the whole row' }]])
  for (const name of rowNames(row.table)) {
    const other = name === row.name ? row : normalizeRow(row.table, name)
    if (!known.has(other.hash)) known.set(other.hash, { row: other, called: `the row ${name}` })
  }
  const whole: Variant = { trick: null, row, sameAs: null }
  const others = tricks.map((trick): Variant => {
    const reduced = withoutTrick(row, trick)
    const same = known.get(reduced.hash)
    if (same !== undefined) return { trick, row: same.row, sameAs: same.called }
    known.set(reduced.hash, { row: reduced, called: `without ${trick.name}` })
    return { trick, row: reduced, sameAs: null }
  })
  return [whole, ...others]
}

/** The row without a trick, as a row of its own: nothing is documented of it. */
function withoutTrick(row: Row, trick: Trick): Row {
  const recipe = trick.without(row.recipe)
  return {
    ...row,
    name: `${row.name}-without-${trick.name.replaceAll('/', '-')}`,
    recipe,
    hash: hashJson(recipe as unknown as Json),
    reported: undefined,
    tolerance: undefined,
    note: `${row.name} without ${trick.name}.`,
    knownToFallShort: false,
  }
}
