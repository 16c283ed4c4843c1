import { fail } from '@tricklab/core'
import type { NormalRecipe, Row, TrainingTable } from '@tricklab/core/recipe'
import { tables } from '@tricklab/recipes'
import { type RunRecord, readRecord } from '../record/read.ts'
import { findTarget } from '../runner/tables.ts'

/** A run with the row that it trained. */
export interface OpenedRun {
  readonly record: RunRecord
  /** As the manifest has it, whatever the table says today; the plugins are the table's. */
  readonly row: Row
}

/**
 * Opens a run folder, so that its model can be built again.
 * @param table the file of the table, for a run of one that does not ship with Tricklab
 * @errors E_RUN_UNKNOWN, E_RECORD, E_TABLE_UNKNOWN, E_COMPONENT_UNKNOWN when the table has other plugins now
 */
export async function openRun(folder: string, table?: string): Promise<OpenedRun> {
  const record = await readRecord(folder)
  const { manifest } = record
  const row: Row = {
    table: await findTable(manifest.table, folder, table),
    name: manifest.row,
    recipe: manifest.recipe as unknown as NormalRecipe,
    metrics: manifest.metrics ?? [],
    hash: manifest.recipeHash,
    reported: manifest.reported ?? undefined,
    tolerance: manifest.tolerance ?? undefined,
    seeds: manifest.seeds,
    recordedSeeds: manifest.seeds,
    note: manifest.note,
    knownToFallShort: false,
    knownToExceed: false,
  }
  return { record, row }
}

async function findTable(id: string, folder: string, file: string | undefined): Promise<TrainingTable> {
  if (file === undefined && !tables.some((table) => table.id === id)) {
    fail('E_TABLE_UNKNOWN', {
      what: `${folder} is a run of the table "${id}", which does not ship with Tricklab.`,
      expected: 'the file of the table.',
      received: 'no --table.',
      fix: 'name the file with --table ./my-table.ts.',
    })
  }
  const { table } = await findTarget(file ?? id)
  if (table.kind === 'training' && table.id === id) return table
  return fail('E_TABLE_UNKNOWN', {
    what: `${folder} is a run of another table.`,
    expected: `the table "${id}".`,
    received: `"${table.id}".`,
    fix: 'name the file of the table with --table ./my-table.ts.',
  })
}
