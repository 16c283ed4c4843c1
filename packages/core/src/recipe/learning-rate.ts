import type { Json } from '../json.ts'
import type { NormalUse } from '../plugin/registry.ts'
import { isObject } from './problems.ts'

/** The learning rate of an optimizer, or of the one that it wraps; undefined where neither has one. */
export function learningRateOf(optimizer: NormalUse): number | undefined {
  const { learningRate } = optimizer
  if (typeof learningRate === 'number') return learningRate
  const inner = Object.values<Json>(optimizer).filter((value) => isObject(value) && typeof value.use === 'string')
  return inner.map((use) => learningRateOf(use as NormalUse)).find((rate) => rate !== undefined)
}
