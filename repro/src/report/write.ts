import path from 'node:path'
import { fail } from '@tricklab/core'
import { makeFolder, writeFileAtomic } from '@tricklab/core/files'
import { readRecord } from '../record/read.ts'
import { type ReportData, renderReport } from './render.ts'

/**
 * Writes one report over the records in `folders`. The file appears whole or not at all.
 * @errors E_RUN_UNKNOWN, E_RECORD, E_OUT_WRITE
 */
export async function writeReport(folders: readonly string[], outFile: string): Promise<void> {
  const records = await Promise.all(folders.map(readRecord))
  await writeReportFile({ kind: 'runs', records }, outFile)
}

/**
 * Writes `report.html` of a run from its files. It reloads itself while a seed is trained.
 * @errors E_RUN_UNKNOWN, E_RECORD, E_OUT_WRITE
 */
export async function writeRunReport(folder: string): Promise<void> {
  const record = await readRecord(folder)
  const { ended, status } = record.manifest
  const live = ended === null && Object.values(status).includes('running')
  await writeReportFile({ kind: 'runs', records: [record], live }, path.join(folder, 'report.html'))
}

/**
 * Writes a report over data at hand.
 * @errors E_OUT_WRITE
 */
export async function writeReportFile(data: ReportData, outFile: string): Promise<void> {
  const page = renderReport(data)
  try {
    makeFolder(path.dirname(outFile))
    await writeFileAtomic(outFile, [page])
  } catch (cause) {
    fail('E_OUT_WRITE', {
      what: `The report could not be written: ${(cause as Error).message}.`,
      expected: 'a file that can be written.',
      received: `"${outFile}".`,
      fix: 'free some space, or choose another place.',
      cause,
    })
  }
}
