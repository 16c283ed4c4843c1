import { fail } from '@tricklab/core'

/**
 * A number from 0 out of an environment variable; undefined when it is not set.
 * @errors E_OPTION_RANGE when it is something else
 */
export function readNumber(name: string, env: NodeJS.ProcessEnv, sort: 'number' | 'whole number' = 'number') {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (value >= 0 && Number.isFinite(value) && (sort === 'number' || Number.isInteger(value))) return value
  return fail('E_OPTION_RANGE', {
    what: `The environment variable ${name} is not a ${sort} from 0.`,
    expected: `${sort} from 0.`,
    received: `"${text}".`,
    fix: 'correct it, or leave it out.',
  })
}
