import type { Registry } from '../plugin/registry.ts'
import type { NormalData } from './data.ts'

/** How many samples an epoch of training visits, of so many that there are. */
export function epochSize({ sampler }: Pick<NormalData, 'sampler'>, available: number, registry: Registry): number {
  return sampler === undefined ? available : registry.create('sampler', sampler, {}).size(available)
}
