import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Table } from '@tricklab/core/recipe'
import { isMeasurement } from '../measurement/record.ts'

/** Accepted records: `TABLE/ROW` below this folder, in the repository. */
export const acceptedFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../records')

/** A folder of records, and what is asked of them. */
export interface Records {
  /** Default: the records of the repository. */
  readonly root?: string
  /** Tables of which records may be, beside the documented ones. */
  readonly tables?: readonly Table[]
  /** Photos may be the user's own: of a build that no list names. */
  readonly ownData?: boolean | undefined
}

/** Something in a folder of records: a record, or what is none. */
export interface RecordPlace {
  readonly kind: 'training' | 'measurement' | 'stray'
  readonly table: string
  /** Empty where the place is that of a table. */
  readonly row: string
  readonly folder: string
}

/**
 * Everything below a folder of records, by name. Trainings lie in `TABLE/ROW`, measurements in `TABLE`. Hidden files, such
 * as those that a file manager leaves, are passed over.
 */
export function recordPlaces(root: string): RecordPlace[] {
  return entries(root).flatMap(({ name: table, folder, isFolder }): RecordPlace[] => {
    if (!isFolder) return [{ kind: 'stray', table, row: '', folder }]
    if (isMeasurement(folder)) return [{ kind: 'measurement', table, row: '', folder }]
    const rows = entries(folder)
    if (rows.length === 0) return [{ kind: 'stray', table, row: '', folder }]
    return rows.map((row) => ({ kind: row.isFolder ? 'training' : 'stray', table, row: row.name, folder: row.folder }))
  })
}

/** Files of a folder beside those that belong there. */
export const strayFiles = (folder: string, belongs: (name: string) => boolean): string[] =>
  entries(folder).flatMap(({ name, isFolder }) => (belongs(name) && !isFolder ? [] : [name]))

function entries(folder: string): { name: string; folder: string; isFolder: boolean }[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ name: entry.name, folder: path.join(folder, entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
