import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import { engineNames, formatDoctor, probeEngines } from '@tricklab/engine'
import type { Command } from 'commander'
import { createProgressView } from '../ui/progress-view.ts'

/** Declares `lab doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('list every engine: whether it works here and how fast it is, or why not and what would help')
    .argument('[engines...]', 'engines to examine; default: all')
    .option('--json', 'one JSON array on standard output')
    .action(doctor)
}

/** `lab doctor`; which engine is being examined goes to standard error, for each may take seconds. */
export async function doctor(names: string[], { json }: { json?: boolean }): Promise<void> {
  const known = engineNames()
  for (const name of names) if (!known.includes(name)) failUnknown(name, known)
  const view = createProgressView()
  try {
    const reports = await probeEngines(names.length === 0 ? known : names, {
      onBegin: (name, index, count) =>
        view.sink({ kind: 'notice', message: `Examining engine ${index + 1}/${count}: ${name}` }),
    })
    process.stdout.write(json === true ? `${JSON.stringify(reports)}\n` : `${formatDoctor(reports)}\n`)
  } finally {
    view.close()
  }
}

function failUnknown(name: string, known: readonly string[]): never {
  fail('E_ENGINE_UNKNOWN', {
    what: `There is no engine "${name}".`,
    expected: `one of: ${known.join(', ')}.`,
    received: `"${name}".`,
    fix: suggest(name, known),
  })
}
