import type { Place } from './field.ts'
import { weightDecayOf } from './optimizer-numbers.ts'
import { isObject } from './problems.ts'

/**
 * Adds to the problems that a schedule of weight decay has nothing to multiply. What is wrong with the optimizer itself is
 * told where it is read.
 */
export function checkDecay({ registry, row, whole, problems }: Place, where = row): void {
  const given = whole.optimizer
  if (typeof given !== 'string' && !(isObject(given) && typeof given.use === 'string')) return
  const { use, problems: own } = registry.normalize('optimizer', given as string | { use: string }, row)
  if (own.length > 0) return
  const decay = weightDecayOf(use)
  if (decay !== undefined && decay !== 0) return
  problems.push({
    code: 'E_RECIPE',
    what: `${where}: "decaySchedule" has no weight decay to multiply.`,
    expected: 'an optimizer whose `weightDecay` is above 0.',
    received: decay === undefined ? `"${use.use}", which has no weight decay.` : `"${use.use}" with weightDecay 0.`,
    fix: 'set `weightDecay` of the optimizer, or leave `decaySchedule` out.',
  })
}
