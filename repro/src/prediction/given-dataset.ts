import type { Shape } from '@tricklab/core'
import { givenPhotos, givenSamples, type ImageInput } from '@tricklab/data'
import type { DescribedRow } from '@tricklab/train'

/**
 * Images as the validation split of a row: read as the row's dataset reads its own, so that crop and normalisation make
 * of them what they made in training.
 * @errors E_ARGUMENT for what is no image, E_SHAPE for ready-made images of another shape
 */
export function givenDataset(
  { row, registry }: Pick<DescribedRow, 'row' | 'registry'>,
  images: readonly ImageInput[],
  { classes, imageShape }: { readonly classes: readonly string[]; readonly imageShape: Shape },
) {
  const { valid, dataset } = row.recipe.data
  if (valid === undefined) return givenSamples(images, { classes, shape: imageShape })
  const facts = registry.facts(dataset)
  // Ready-made images that the recipe crops.
  if (facts?.imageShape !== undefined) return givenSamples(images, { classes, shape: facts.imageShape })
  const reading = facts?.reading ?? {}
  return givenPhotos(images, { classes, reading })
}
