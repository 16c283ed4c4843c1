import { lossTraits, type MetricTraits, type NormalRecipe } from '@tricklab/core/recipe'
import type { Validation } from '../statistics/index.ts'
import type { Manifest } from './types.ts'

/**
 * Direction and format of a score of a record. Records from before they were recorded hold metrics of Tricklab alone,
 * which are shares of the images, beside the loss.
 */
export function metricOf({ metrics }: Pick<Manifest, 'metrics'>, name: string): MetricTraits {
  const recorded = (metrics ?? [lossTraits]).find((metric) => metric.name === name)
  if (recorded !== undefined) return recorded
  const isShare = metrics === undefined && /^(top\d+-)?accuracy$/.test(name)
  return { name, better: 'higher', format: { style: isShare ? 'percent' : 'number' } }
}

/** What the results of a record were measured on. */
export function validationOf({ dataset, recipe }: Pick<Manifest, 'dataset' | 'recipe'>): Validation {
  const { data } = recipe as unknown as Partial<NormalRecipe>
  return { samples: dataset.valid, shared: data?.split !== 'fresh-random' }
}
