import { TricklabError } from '@tricklab/core'
import fc from 'fast-check'

/** What is wrong with a component: the check that found it, and a sentence that tells what to look at. */
export interface ContractProblem {
  readonly check: string
  readonly message: string
}

/** One promise of a contract. It throws a `Violation` where the promise is broken; any other error counts as well. */
export interface Check<T> {
  readonly name: string
  run(target: T): void | Promise<void>
}

/** A broken promise, in words for the component's author. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Ends a check with what was found. */
export function violate(message: string): never {
  throw new Violation(message)
}

/** Which checks to run. */
export interface Selection {
  /** Names of checks; default: all. */
  readonly only?: readonly string[]
}

/** Runs checks on the current engine and returns what they found: nothing for a sound component. */
export async function runChecks<T>(
  checks: readonly Check<T>[],
  target: T,
  { only = checks.map(({ name }) => name) }: Selection = {},
): Promise<ContractProblem[]> {
  const unknown = only.find((name) => checks.every((check) => check.name !== name))
  if (unknown !== undefined) throw new RangeError(`there is no check "${unknown}"`)
  const problems: ContractProblem[] = []
  for (const check of checks.filter(({ name }) => only.includes(name))) {
    const message = await runCheck(check, target)
    if (message !== undefined) problems.push({ check: check.name, message })
  }
  return problems
}

/** Runs one check; the message of what it found, or undefined. */
export async function runCheck<T>(check: Check<T>, target: T): Promise<string | undefined> {
  try {
    await check.run(target)
    return undefined
  } catch (error) {
    return describeError(error)
  }
}

/** A violation in its own words; any other error as what the component threw. */
export function describeError(error: unknown): string {
  if (error instanceof Violation) return error.message
  return `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`
}

/** True for an error that says a component cannot take what it was given. */
export function isShapeError(error: unknown): boolean {
  return error instanceof TricklabError && error.code === 'E_SHAPE'
}

/** The same cases on every run, so that a failure can be looked at again. */
const propertySeed = 20_240

/**
 * Runs a check on many generated cases, and shrinks the first that fails to a small one.
 * `fc.pre(false)` inside `body` leaves a case out; a check that left out nearly all of them has shown nothing and fails.
 */
export async function forAll<T>(
  arbitrary: fc.Arbitrary<T>,
  numRuns: number,
  body: (value: T) => void | Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (value) => {
    await body(value)
  })
  const details = await fc.check(property, { numRuns, seed: propertySeed })
  if (!details.failed) return
  if (details.counterexample === null) {
    violate(`nearly every case was refused (${details.numSkips} of ${details.numSkips + details.numRuns})`)
  }
  const found = describeError(details.errorInstance)
  violate(`${found} (seed ${details.seed}, path ${details.counterexamplePath})`)
}
