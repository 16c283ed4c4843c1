import { createRng, type Dataset, type Row, stageRecipes } from '@tricklab/core'
import { splitDataset } from './batches.ts'

/** What shortens a training: no verdict is given on one that is shorter than its row. */
export interface Limits {
  readonly epochs?: number
  readonly limitTrain?: number
  readonly limitValid?: number
}

/** The limits that shorten a run of this row: one that reaches as far as the row itself leaves it whole. */
export function shorteningLimits(row: Row, limits: Limits, dataset: Dataset): Limits {
  // Every split of a row has the same sizes, whatever the seed.
  const split = splitDataset(row, dataset, createRng(row.seeds[0] ?? 1))
  const whole: { readonly [L in keyof Limits]-?: number } = {
    epochs: Math.max(...stageRecipes(row.recipe).map(({ epochs }) => epochs)),
    limitTrain: split.size('train'),
    limitValid: split.size('valid'),
  }
  const entries = Object.entries(limits) as [keyof Limits, number][]
  return Object.fromEntries(entries.filter(([name, limit]) => limit < whole[name]))
}

/** Epochs of a row or stage under the limits of a run. */
export const shortened = ({ recipe }: Row, { epochs }: Limits): number => Math.min(recipe.epochs, epochs ?? Infinity)
