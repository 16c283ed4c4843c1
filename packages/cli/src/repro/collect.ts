import path from 'node:path'
import { fail } from '@tricklab/core'
import {
  collectRuns,
  exitCodeOf,
  findTarget,
  formatStatus,
  formatVerdictTable,
  prepareRows,
  readStatus,
  reportRuns,
} from '@tricklab/repro'
import type { Command } from 'commander'
import { addJsonOption } from '../options/options.ts'
import { report } from '../ui/main.ts'
import { createProgressView } from '../ui/progress-view.ts'
import { stopSignal } from '../ui/signals.ts'
import { askPlaces, fetchFrom } from './places.ts'

/** `repro status` and `repro collect`: what becomes of jobs that are trained elsewhere, and of all other runs. */
export function addCollectCommands(program: Command): void {
  program
    .command('status')
    .description('how every run below a folder stands: seeds done, running (where, since when, step), waiting, failed')
    .argument('[runs]', 'folder of runs', 'runs')
    .option('--json', 'one JSON object on standard output')
    .action(async (runs: string, { json }: { json?: boolean }) => {
      const status = await readStatus(path.resolve(runs), askPlaces)
      process.stdout.write(json === true ? `${JSON.stringify(status)}\n` : `${formatStatus(status)}\n`)
    })
  addJsonOption(
    program
      .command('collect')
      .description('verdicts and report of the seeds that have finished elsewhere; exit code 3: some are missing')
      .argument('<target>', 'TABLE, TABLE/ROW, ./my-table.ts or ./my-table.ts#ROW')
      .option('--out <folder>', 'folder of the runs', 'runs')
      .option('--wait', 'wait until every seed is done or has failed'),
  ).action(async (target: string, options: CollectArguments) => {
    process.exitCode = await collectTarget(target, options)
  })
}

interface CollectArguments {
  readonly out: string
  readonly wait?: boolean
  readonly json?: boolean
}

async function collectTarget(text: string, { out, wait, json }: CollectArguments): Promise<number> {
  const { table, rows: names } = await findTarget(text)
  if (table.kind !== 'training') {
    fail('E_ARGUMENT', {
      what: `"${text}" has no seeds to collect.`,
      expected: 'a table whose rows are trained.',
      received: `a ${table.kind} table.`,
      fix: '`pnpm repro list` shows all tables and rows.',
    })
  }
  const view = createProgressView()
  const signal = stopSignal((message) => view.sink({ kind: 'notice', message }))
  const rows = prepareRows(table, names)
  const { results, missing, failed } = await collectRuns(rows, {
    out,
    wait: wait === true,
    fetch: fetchFrom,
    progress: view.sink,
    signal,
  })
  view.close()
  if (results.length > 0) {
    const page = await reportRuns(results.map(({ record }) => record))
    process.stderr.write(`\n${formatVerdictTable(results)}\n\nReport: ${page}\n`)
  }
  if (json === true) process.stdout.write(`${JSON.stringify({ table: table.id, rows: results, missing })}\n`)
  const codes: number[] = [exitCodeOf(results)]
  if (failed.length > 0) codes.push(tell('E_SEED_FAILED', 'Seeds have failed elsewhere', failed))
  else if (missing.length > 0) codes.push(tell('E_UNFINISHED', 'Seeds have not finished yet', missing))
  return Math.max(...codes)
}

function tell(code: 'E_SEED_FAILED' | 'E_UNFINISHED', what: string, seeds: readonly string[]): number {
  try {
    return fail(code, {
      what: `${what}: ${seeds.join(', ')}.`,
      fix:
        code === 'E_UNFINISHED'
          ? 'collect again later, or with --wait.'
          : 'read why in the output of the job, beside jobs.jsonl or in the queue; then hand over again with --resume.',
    })
  } catch (error) {
    return report(error)
  }
}
