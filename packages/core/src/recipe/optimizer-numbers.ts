import type { Json } from '../json.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { isObject } from './problems.ts'

/** The learning rate of an optimizer, or of the one that it wraps; undefined where neither has one. */
export const learningRateOf = (optimizer: NormalUse): number | undefined => numberOf(optimizer, 'learningRate')

/** The weight decay of an optimizer, or of the one that it wraps; undefined where neither has one. */
export const weightDecayOf = (optimizer: NormalUse): number | undefined => numberOf(optimizer, 'weightDecay')

function numberOf(optimizer: NormalUse, option: string): number | undefined {
  const { [option]: own } = optimizer
  if (typeof own === 'number') return own
  const inner = Object.values<Json>(optimizer).filter((value) => isObject(value) && typeof value.use === 'string')
  return inner.map((use) => numberOf(use as NormalUse, option)).find((number) => number !== undefined)
}
