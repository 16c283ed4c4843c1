import path from 'node:path'
import { fail } from '@tricklab/core'
import type { SummaryTable } from '@tricklab/core/recipe'
import { acceptedRecords } from './accepted/accepted.ts'
import type { ComparedSummary, ComparedValue } from './closed-form.ts'
import { type ClosedFormRow, writeReport, writeReportFile } from './report/index.ts'

/**
 * Writes one page over runs; without any, over all accepted records. Returns the path of the page.
 * @param output default: `report.html` in the run's folder, or in the folder that all runs share
 * @param root folder of the records; default: that of the repository
 * @errors E_RUN_UNKNOWN, E_RECORD, E_OUT_WRITE
 */
export async function reportRuns(runs: readonly string[], output?: string, root?: string): Promise<string> {
  const folders = runs.length > 0 ? runs : (await acceptedRecords(root)).map((record) => record.folder)
  if (folders.length === 0) {
    fail('E_RUN_UNKNOWN', {
      what: 'There is no record of a training to report.',
      expected: `records in ${root}.`,
      fix: 'accept a run into the folder: `repro accept RUN --records FOLDER`.',
    })
  }
  const page = path.resolve(output ?? path.join(sharedFolder(folders), 'report.html'))
  await writeReport(folders, page)
  return page
}

function sharedFolder(folders: readonly string[]): string {
  const [first = '.', ...others] = folders.map((folder) => path.resolve(folder).split(path.sep))
  const parts = typeof first === 'string' ? [first] : first
  const length = parts.findIndex((part, index) => others.some((other) => other[index] !== part))
  return parts.slice(0, length < 0 ? parts.length : length).join(path.sep)
}

/** Writes the page of a closed-form table below `out`. Returns its path. */
export async function reportSummaryTable(
  { id, title, source }: SummaryTable,
  rows: readonly ComparedSummary[],
  out: string,
): Promise<string> {
  const page = path.resolve(out, id, 'report.html')
  const closedForm = { kind: 'closed-form' as const, table: id, title, source, rows: rows.map(closedFormRow) }
  await writeReportFile(closedForm, page)
  return page
}

/** A line a layer and one for the total; what the source does not print stays empty and ours stands alone. */
function closedFormRow({ row, verdict, values, summary }: ComparedSummary): ClosedFormRow {
  const labels = [...summary.layers.map(({ name }) => name), 'total']
  const column = (quantity: ComparedValue['quantity'], own: (index: number) => string) => {
    const documented = (label: string) => values.find((value) => value.place === label && value.quantity === quantity)
    return {
      name: quantity,
      reported: labels.map((label) => documented(label)?.reported ?? null),
      computed: labels.map((label, index) => documented(label)?.computed ?? own(index)),
    }
  }
  const { layers } = summary
  return {
    row,
    labels,
    verdict: verdict === 'reproduced' ? 'exact' : 'differs',
    columns: [
      column('parameters', (index) => (layers[index]?.params ?? summary.params).toLocaleString('en')),
      column('MFlops', (index) => layers[index]?.mflops.toFixed(1) ?? '–'),
      column('million MACs', (index) => ((layers[index]?.macs ?? summary.macs) / 1e6).toFixed(2)),
    ],
  }
}
