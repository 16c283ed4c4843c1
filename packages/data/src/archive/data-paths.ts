import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { failAll, type Problem, suggest } from '@tricklab/core/errors'

/**
 * What `--data` names must be there: a path with a slip would otherwise be passed over, and other data used.
 * @errors E_ARGUMENT with the nearest name that exists
 */
export function checkDataPaths(paths: readonly string[]): void {
  failAll(paths.filter((given) => !exists(path.resolve(given))).map(describeMissing))
}

const exists = (at: string) => statSync(at, { throwIfNoEntry: false }) !== undefined

// More names than these are no help.
const mostNames = 8

function describeMissing(given: string): Problem {
  let part = path.resolve(given)
  while (!exists(path.dirname(part))) part = path.dirname(part)
  const parent = path.dirname(part)
  const names = namesIn(parent)
  const hint = suggest(path.basename(part), names)
  const listed = !hint.startsWith('did you mean')
  return {
    code: 'E_ARGUMENT',
    what: `--data names ${path.resolve(given)}, but there is no such folder or file.`,
    expected: 'a folder with datasets, or an archive.',
    received: `"${given}".`,
    fix: names.length === 0 || (listed && names.length > mostNames) ? `look into ${parent}.` : `in ${parent} ${hint}`,
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'))
  } catch {
    return []
  }
}
