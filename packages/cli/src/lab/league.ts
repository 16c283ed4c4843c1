import path from 'node:path'
import { writeFileAtomic } from '@tricklab/core/files'
import { prepareEngine } from '@tricklab/engine'
import { formatLeague, oneRow, readLeague, writeReportFile } from '@tricklab/repro'
import type { Command } from 'commander'
import { addDataOption, addJsonOption } from '../options/options.ts'
import { recordsHelp, recordsOf } from '../repro/records.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'

interface LeagueArguments {
  readonly out: string
  readonly records?: string
  readonly data?: readonly string[]
  readonly json?: boolean
}

/** Declares `lab league`. */
export function addLeague(program: Command): void {
  const command = program
    .command('league')
    .description(
      'say what each row of a table is worth beside one of them, seed by seed, from records and runs; trains nothing',
    )
    .argument('[target]', 'TABLE/ROW that the other rows of the table are compared with', 'tricks-64-10/plain')
    .option('--out <folder>', 'where runs are kept, and the page is put', 'runs')
    .option('--records <folder>', recordsHelp)
  addDataOption(command)
  addJsonOption(command).action(league)
}

/** `pnpm lab league TABLE/ROW`: what the other rows of a table are worth. */
async function league(target: string, { out, records, data, json }: LeagueArguments): Promise<void> {
  const row = await oneRow(target)
  const { root } = await recordsOf({ records }, 'must exist')
  const view = createProgressView()
  const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
  try {
    // Networks are only built, to be counted: any engine does.
    await prepareEngine('cpu')
    const found = await readLeague(row, { out, root, dataPaths: data ?? [], progress: view.sink, signal })
    const folder = path.resolve(out, row.table.id, 'league')
    const page = path.join(folder, 'report.html')
    await writeReportFile({ kind: 'league', league: found }, page)
    await writeFileAtomic(path.join(folder, 'league.json'), [`${JSON.stringify(found, null, 2)}\n`])
    view.close()
    process.stderr.write(`\n${formatLeague(found)}\n\nReport: ${page}\n`)
    if (json === true) process.stdout.write(`${JSON.stringify({ ...found, report: page })}\n`)
  } finally {
    view.close()
  }
}
