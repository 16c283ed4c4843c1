import { createRng, type Dataset } from '@tricklab/core'
import { type Row, stageRecipes } from '@tricklab/core/recipe'
import { splitDataset } from './split-dataset.ts'

/** What shortens a training: no verdict is given on one that is shorter than its row. */
export interface Limits {
  readonly epochs?: number
  readonly limitTrain?: number
  readonly limitValid?: number
}

/** Images of the splits of a row. */
export interface SplitSizes {
  readonly train: number
  readonly valid: number
}

/**
 * The limits that shorten a run of this row, and the images that it then uses. A limit that reaches as far as the row itself
 * leaves it whole.
 */
export function applyLimits(row: Row, limits: Limits, dataset: Dataset): { limits: Limits; sizes: SplitSizes } {
  // Every split of a row has the same sizes, whatever the seed.
  const split = splitDataset(row, dataset, createRng(row.seeds[0] ?? 1))
  const whole: { readonly [L in keyof Limits]-?: number } = {
    epochs: Math.max(...stageRecipes(row.recipe).map(({ epochs }) => epochs)),
    limitTrain: split.size('train'),
    limitValid: split.size('valid'),
  }
  const entries = Object.entries(limits) as [keyof Limits, number][]
  const shortening: Limits = Object.fromEntries(entries.filter(([name, limit]) => limit < whole[name]))
  const { limitTrain: train, limitValid: valid } = { ...whole, ...shortening }
  return { limits: shortening, sizes: { train, valid } }
}

/** Epochs of a row or stage under the limits of a run. */
export const shortened = ({ recipe }: Row, { epochs }: Limits): number => Math.min(recipe.epochs, epochs ?? Infinity)
