import type { Dataset, Rng } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import { createRandomSplit } from '@tricklab/data'

/** The dataset as the row splits it; a random split is keyed by the seed and by the first stage with the same data. */
export function splitDataset({ recipe }: Row, dataset: Dataset, rng: Rng, stage = 0): Dataset {
  const { split, validFraction } = recipe.data
  if (split === undefined) return dataset
  return createRandomSplit(dataset, validFraction!, rng.at('data', 'split', stage))
}
