import { fail, normalizeRow, type Row } from '@tricklab/core'
import { findTarget } from '@tricklab/repro'

/** A training row and how another process names it. */
export interface BenchTarget {
  readonly row: Row
  readonly text: string
}

/** Measured when no row is named. */
export const defaultTargets: readonly string[] = ['fashionmnist-resnets/conv', 'fashionmnist-resnets/residual']

/**
 * All rows that the targets name.
 * @errors E_TABLE_UNKNOWN, E_ROW_UNKNOWN, E_RECIPE, E_OPTION_*; E_ARGUMENT for a summary table
 */
export async function resolveTargets(texts: readonly string[]): Promise<BenchTarget[]> {
  const resolved: BenchTarget[] = []
  for (const text of texts.length === 0 ? defaultTargets : texts) {
    const { table, rows, reference } = await findTarget(text)
    if (table.kind !== 'training') {
      fail('E_ARGUMENT', {
        what: `"${text}" has nothing to train.`,
        expected: 'a training table or row.',
        received: 'a summary table.',
        fix: '`pnpm repro list` shows all tables and rows.',
      })
    }
    const separator = /\.[cm]?[jt]s$/.test(reference) ? '#' : '/'
    for (const name of rows) {
      resolved.push({ row: normalizeRow(table, name), text: `${reference}${separator}${name}` })
    }
  }
  return resolved
}
