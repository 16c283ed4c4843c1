import { type Row, stageRecipes } from '@tricklab/core/recipe'
import type { Normalization } from '@tricklab/data'

/**
 * What the network sees at last, one image at a time and of no random split: the images are chosen by whoever looks.
 * @param normalization what was measured on images in training; absent: the recipe says it
 */
export function forSingleImages(row: Row, normalization?: Normalization): Row {
  const last = stageRecipes(row.recipe).at(-1)!
  const { split: _split, validFraction: _fraction, ...data } = last.data
  const normalize = normalization === undefined ? data.normalize : { kind: 'fixed' as const, ...normalization }
  return { ...row, recipe: { ...last, batchSize: 1, data: { ...data, normalize, shuffle: false } } }
}

/** The same without what training alone does: no image is refused for being too small to train with. */
export function withoutTraining(row: Row): Row {
  const { data } = row.recipe
  if (data.valid === undefined) return row
  return { ...row, recipe: { ...row.recipe, data: { ...data, train: { crop: data.valid.crop, augment: [] } } } }
}
