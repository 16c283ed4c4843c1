import { statSync } from 'node:fs'
import path from 'node:path'
import { fail } from '@tricklab/core'
import { findTarget, type Records } from '@tricklab/repro'

/** What the commands about records take. */
export interface RecordsArguments {
  readonly records?: string | undefined
  readonly table?: readonly string[] | undefined
}

export const recordsHelp = 'folder with your own records; default: the records of the documented tables'
export const tableHelp = 'file of a table that has records in the folder of --records; repeatable'

/**
 * The folder of records that was named, with the tables that its records may be of.
 * @errors E_ARGUMENT where the folder must exist and does not; E_TABLE_UNKNOWN, E_RECIPE
 */
export async function recordsOf(
  { records, table = [] }: RecordsArguments,
  folder: 'must exist' | 'may be new',
): Promise<Records> {
  if (records === undefined) {
    if (table.length > 0) refuseTable(table[0]!)
    return {}
  }
  const root = path.resolve(records)
  if (folder === 'must exist' && statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    fail('E_ARGUMENT', {
      what: `There is no folder ${root}.`,
      expected: 'a folder of records.',
      received: `--records ${records}.`,
      fix: 'check the path; `repro accept RUN --records FOLDER` makes the folder.',
    })
  }
  const own = await Promise.all(table.map(findTarget))
  return { root, tables: own.map((target) => target.table), ownData: true }
}

function refuseTable(table: string): never {
  fail('E_ARGUMENT', {
    what: 'A table of your own has no records among those of the documented tables.',
    expected: '--table together with --records.',
    received: `--table ${table} alone.`,
    fix: 'name the folder of its records with --records.',
  })
}
