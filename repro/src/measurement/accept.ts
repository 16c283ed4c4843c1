import { rmSync } from 'node:fs'
import path from 'node:path'
import { failAll, type Problem } from '@tricklab/core/errors'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import type { Table } from '@tricklab/core/recipe'
import { problem } from '../record/problem.ts'
import { checkMeasurement } from './check.ts'
import { fileName, readMeasurement, sealOf } from './record.ts'
import type { MeasurementRecord } from './types.ts'

/**
 * Copies a record that holds to the accepted ones, in place of what was there, with title and source of today and a seal.
 * Returns its folder.
 * @errors E_RECORD
 */
export async function acceptMeasurement(run: string, root: string, tables: readonly Table[]): Promise<string> {
  const record = readMeasurement(run)
  const { title, source } = tables.findLast(({ id }) => id === record.table) ?? record
  const { seal: _seal, ...unsealed } = { ...record, title, source }
  failAll(checkMeasurement(unsealed, run, { tables }))
  const target = path.join(root, record.table)
  const sealed: MeasurementRecord = { ...unsealed, seal: sealOf(unsealed) }
  rmSync(target, { recursive: true, force: true })
  makeFolder(target)
  await writeFileAtomic(path.join(target, fileName), [`${JSON.stringify(sealed)}\n`])
  return target
}

/** Verifies the seal of an accepted record. It guards what stands nowhere else, and takes the place of no other check. */
export function checkMeasurementSeal(record: MeasurementRecord): Problem[] {
  const fix = 'take the edit back; where it was right, accept the record once more: `pnpm repro accept` seals it.'
  if (record.seal === sealOf(record)) return []
  if (record.seal === undefined) return [problem('The record has no seal.', undefined, undefined, fix)]
  return [problem('measurement.json is not the file that was accepted.', undefined, undefined, fix)]
}
