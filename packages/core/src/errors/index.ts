import { type ErrorCode, errorCodes } from './codes.ts'
import type { PluginError, PluginErrorCode } from './plugin-errors.ts'

export { type ErrorCode, errorCodes } from './codes.ts'
export { failOutOfMemory, isFailedAllocation, type MemoryRequest } from './out-of-memory.ts'
export { defineErrors, type PluginError, type PluginErrorCode, type PluginErrors } from './plugin-errors.ts'

/** The parts of an error message; every one answers a question of the reader. */
export interface ErrorParts {
  /** What is wrong, as a sentence with its full stop. */
  what: string
  expected?: string
  received?: string
  /** What the reader can do: a command or a change. */
  fix?: string
  cause?: unknown
}

/** Several problems found at once: all of them are shown. */
export interface Problem extends ErrorParts {
  code: ErrorCode | PluginErrorCode
  /** Exit code of the process, where a plugin brought the code. */
  exit?: PluginError['exit']
}

/** `[E_CODE] what. Expected: … Received: … Fix: …` */
export function formatProblem({ code, what, expected, received, fix }: Problem): string {
  const parts = [`[${code}] ${what}`]
  if (expected !== undefined) parts.push(`Expected: ${expected}`)
  if (received !== undefined) parts.push(`Received: ${received}`)
  if (fix !== undefined) parts.push(`Fix: ${fix}`)
  return parts.join(' ')
}

/** An error of Tricklab: a code of the table, a message in one form, the exit code of the process. */
export class TricklabError extends Error {
  override readonly name = 'TricklabError'
  readonly code: Problem['code']
  readonly problems: readonly Problem[]

  constructor(problems: readonly [Problem, ...Problem[]]) {
    super(problems.map(formatProblem).join('\n'), { cause: problems[0].cause })
    this.code = problems[0].code
    this.problems = problems
  }

  get exitCode(): number {
    return this.problems[0]!.exit ?? errorCodes[this.code as ErrorCode].exit
  }
}

/** Throws one error in the house form. */
export function fail(code: ErrorCode, parts: ErrorParts): never {
  throw new TricklabError([{ code, ...parts }])
}

/** Throws all collected problems at once; does nothing when there are none. */
export function failAll(problems: readonly Problem[]): void {
  const [first, ...rest] = problems
  if (first !== undefined) throw new TricklabError([first, ...rest])
}

/** `"did you mean …?"` for the nearest of `candidates` by edit distance, or the list when nothing is near. */
export function suggest(received: string, candidates: readonly string[]): string {
  const nearest = candidates
    .map((name) => ({ name, distance: editDistance(received.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (nearest === undefined) return 'there is none to choose from.'
  if (nearest.distance <= Math.max(2, received.length / 3)) return `did you mean "${nearest.name}"?`
  return `choose one of: ${candidates.join(', ')}.`
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[b.length]!
}
