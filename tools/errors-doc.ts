import path from 'node:path'
import { errorCodes } from '../packages/core/src/errors/codes.ts'

export const errorsDocPath = path.join(import.meta.dirname, '../docs/errors.md')

const exits: Record<1 | 2 | 3 | 4, { title: string; text: string }> = {
  2: { title: 'Exit 2: wrong input', text: 'One clear message; nothing was started.' },
  1: { title: 'Exit 1: a row falls short', text: 'Everything ran, and a promise about a number does not hold.' },
  3: { title: 'Exit 3: stopped before the end', text: 'The state is saved; the same command with `--resume` goes on.' },
  4: { title: 'Exit 4: a fault', text: 'Something failed that was not asked for in the input.' },
}

/** The page of all error codes, grouped by exit code. */
export function formatErrorsDoc(): string {
  const sections = ([2, 1, 3, 4] as const).map((exit) => {
    const rows = Object.entries(errorCodes)
      .filter(([, entry]) => entry.exit === exit)
      .map(([code, { meaning }]) => `| \`${code}\` | ${meaning} |`)
    return [`## ${exits[exit].title}`, '', exits[exit].text, '', '| code | meaning |', '|---|---|', ...rows].join('\n')
  })
  return `${[head, ...sections].join('\n\n')}\n`
}

const head = `# Errors

Every error has one form: \`[E_CODE] What is wrong. Expected: … Received: … Fix: …\`. Parts that would say nothing are left
out, and all problems of a recipe are reported at once. The code decides the exit code of the process; 0 means that every
row was reproduced, exceeded or partial.

This page is generated from the table of codes by \`pnpm docs:errors\`.`
