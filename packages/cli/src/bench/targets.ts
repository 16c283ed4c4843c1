import { fileURLToPath } from 'node:url'
import { fail } from '@tricklab/core'
import { normalizeRow, type Row } from '@tricklab/core/recipe'
import { findTarget } from '@tricklab/repro'

/** A training row and how another process names it. */
export interface BenchTarget {
  readonly row: Row
  readonly text: string
}

/** Measured when no row is named. */
export const defaultTargets: readonly string[] = ['fashionmnist-resnets/conv', 'fashionmnist-resnets/residual']

/** Networks that no documented table has in a form that peers know: rows of a table of their own, named plainly. */
export const plainNetworks = ['xresnet18', 'xresnet50'] as const

/** A plain name as the target that it stands for; others as they are. */
export function expandTarget(text: string): string {
  if (!(plainNetworks as readonly string[]).includes(text)) return text
  const file = import.meta.url.endsWith('.ts') ? './plain-networks.ts' : './plain-networks.js'
  return `${fileURLToPath(new URL(file, import.meta.url))}#${text}`
}

/**
 * All rows that the targets name.
 * @errors E_TABLE_UNKNOWN, E_ROW_UNKNOWN, E_RECIPE, E_OPTION_*; E_ARGUMENT for a summary table
 */
export async function resolveTargets(texts: readonly string[]): Promise<BenchTarget[]> {
  const resolved: BenchTarget[] = []
  for (const text of texts.length === 0 ? defaultTargets : texts) {
    const { table, rows, reference } = await findTarget(expandTarget(text))
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
