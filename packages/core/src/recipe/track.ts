import type { ImageSize } from '../contracts.ts'
import type { Problem } from '../errors/index.ts'
import type { Registry } from '../plugin/registry.ts'
import type { Track } from './define.ts'
import type { NormalRecipe } from './fields.ts'
import { stageRecipes } from './stages.ts'

/** Adds what a recipe does against the rules of its track. */
export function checkTrack(
  recipe: NormalRecipe,
  track: Track | undefined,
  registry: Registry,
  where: string,
  problems: Problem[],
): void {
  if (track === undefined) return
  if (recipe.predictor !== undefined) {
    problems.push({
      code: 'E_RECIPE',
      what: `${where} scores several views of an image, which the track "${track}" forbids.`,
      expected: 'no `predictor`.',
      received: `"${recipe.predictor.use}".`,
      fix: 'leave `predictor` out, or move the row to a table without a track.',
    })
  }
  for (const { data } of stageRecipes(recipe)) {
    const sizes = imageSizes(data, registry)
    if (sizes === undefined) continue
    const { train, valid } = sizes
    if (valid.width <= train.width && valid.height <= train.height) continue
    problems.push({
      code: 'E_RECIPE',
      what: `${where} validates with larger images than it trains with, which the track "${track}" forbids.`,
      expected: `validation images of at most ${train.width} × ${train.height}.`,
      received: `${valid.width} × ${valid.height}.`,
      fix: 'give both crops the same size.',
    })
  }
}

/** What the network sees in training and in validation; undefined where images are ready-made. */
function imageSizes(
  { train, valid }: NormalRecipe['data'],
  registry: Registry,
): { readonly train: ImageSize; readonly valid: ImageSize } | undefined {
  if (train === undefined || valid === undefined) return undefined
  const cropped = registry.create('crop', train.crop, {}).output
  const trained = train.augment.reduce(
    (size, use) => registry.create('augmentation', use, {}).output?.(size) ?? size,
    cropped,
  )
  return { train: trained, valid: registry.create('crop', valid.crop, {}).output }
}
