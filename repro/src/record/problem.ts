import type { Problem } from '@tricklab/core/errors'

/** A problem of a record. */
export function problem(what: string, expected?: string, received?: string, fix?: string): Problem {
  return {
    code: 'E_RECORD',
    what,
    ...(expected === undefined ? {} : { expected: `${expected}.` }),
    ...(received === undefined ? {} : { received: `${received}.` }),
    ...(fix === undefined ? {} : { fix }),
  }
}
