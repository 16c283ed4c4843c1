import { formatDoctor, probeEngines } from '@tricklab/engine'
import type { Command } from 'commander'
import { createProgressView } from '../ui/progress-view.ts'

/** Declares `lab doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('list every engine: whether it works here and how fast it is, or why not and what would help')
    .option('--json', 'one JSON array on standard output')
    .action(doctor)
}

/** `lab doctor`; which engine is being examined goes to standard error, for each may take seconds. */
export async function doctor({ json }: { json?: boolean }): Promise<void> {
  const view = createProgressView()
  try {
    const reports = await probeEngines(undefined, {
      onBegin: (name, index, count) =>
        view.sink({ kind: 'notice', message: `Examining engine ${index + 1}/${count}: ${name}` }),
    })
    process.stdout.write(json === true ? `${JSON.stringify(reports)}\n` : `${formatDoctor(reports)}\n`)
  } finally {
    view.close()
  }
}
