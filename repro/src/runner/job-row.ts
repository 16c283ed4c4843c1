import { fail, type Json } from '@tricklab/core'
import { hashJson } from '@tricklab/core/hash'
import { type NormalRecipe, normalizeRow, type Row, type TrainingTable } from '@tricklab/core/recipe'
import type { Job } from './job.ts'
import { findTarget } from './tables.ts'

/** The part of a job that names its row. */
export type JobRow = Pick<Job, 'reference' | 'row' | 'recipeHash' | 'recipe'>

/** How a job names a row. One that the table does not have brings its recipe along. */
export function nameRow({ table, name, hash, recipe }: Row, reference: string): JobRow {
  const own = Object.hasOwn(table.rows, name)
  return { reference, row: name, recipeHash: hash, ...(own ? {} : { recipe: recipe as unknown as Json }) }
}

/**
 * The row of a job, as it is here.
 * @errors E_JOB where its recipe is another here, E_TABLE_UNKNOWN, E_ROW_UNKNOWN, E_RECIPE
 */
export async function findJobRow(job: JobRow): Promise<Row> {
  const { table } = await findTarget(job.reference)
  if (table.kind !== 'training') return refuse(job, `the table ${table.id} has nothing to train`)
  const row = job.recipe === undefined ? normalizeRow(table, job.row) : rowOf(table, job, job.recipe)
  if (row.hash !== job.recipeHash) refuse(job, `recipe ${row.hash.slice(0, 12)}`)
  return row
}

function rowOf(table: TrainingTable, { row: name }: JobRow, recipe: Json): Row {
  return {
    table,
    name,
    recipe: recipe as unknown as NormalRecipe,
    hash: hashJson(recipe),
    metrics: [],
    reported: undefined,
    tolerance: undefined,
    seeds: [],
    recordedSeeds: [],
    note: undefined,
    knownToFallShort: false,
    knownToExceed: false,
  }
}

function refuse({ reference, row, recipeHash }: JobRow, received: string): never {
  return fail('E_JOB', {
    what: `The job trains a recipe of ${reference}, row ${row}, that is another here.`,
    expected: `recipe ${recipeHash.slice(0, 12)}.`,
    received: `${received}.`,
    fix: 'use the same version of Tricklab and of the table in all places of a run.',
  })
}
