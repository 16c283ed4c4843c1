import type { Dataset, Rng, Row } from '@tricklab/core'
import { createRandomSplit } from '@tricklab/data'

/** The dataset as the row splits it; a random split is keyed by the seed and by the first stage with the same data. */
export function splitDataset({ recipe }: Row, dataset: Dataset, rng: Rng, stage = 0): Dataset {
  const { split, validFraction } = recipe.data
  if (split === undefined) return dataset
  return createRandomSplit(dataset, validFraction!, rng.at('data', 'split', stage))
}
