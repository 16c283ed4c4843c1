import type { ImageSize } from '../contracts.ts'
import type { Problem } from '../errors/index.ts'
import { asJson, type Json } from '../json.ts'
import type { Registry } from '../plugin/registry.ts'
import type { NormalRecipe } from './fields.ts'
import { checkKeys, isObject, missing } from './problems.ts'
import { stageRecipes } from './stages.ts'

/** What a recipe does against a rule, as problems. */
type Rule = (recipe: NormalRecipe, track: string, registry: Registry, where: string) => readonly Problem[]

/** What a track may forbid. */
const rules = {
  'several-views'({ predictor }, track, _registry, where) {
    if (predictor === undefined) return []
    return [
      {
        code: 'E_RECIPE',
        what: `${where} scores several views of an image, which the track "${track}" forbids.`,
        expected: 'no `predictor`.',
        received: `"${predictor.use}".`,
        fix: 'leave `predictor` out, or move the row to a table without a track.',
      },
    ]
  },
  'larger-validation'(recipe, track, registry, where) {
    return stageRecipes(recipe).flatMap(({ data }): Problem[] => {
      const sizes = imageSizes(data, registry)
      if (sizes === undefined) return []
      const { train, valid } = sizes
      if (valid.width <= train.width && valid.height <= train.height) return []
      return [
        {
          code: 'E_RECIPE',
          what: `${where} validates with larger images than it trains with, which the track "${track}" forbids.`,
          expected: `validation images of at most ${train.width} × ${train.height}.`,
          received: `${valid.width} × ${valid.height}.`,
          fix: 'give both crops the same size.',
        },
      ]
    })
  },
} satisfies { readonly [rule: string]: Rule }

/** Rules that rows keep, such as those of a public leaderboard. They are no part of a recipe's hash. */
export interface Track {
  /** What messages and pages call them. */
  readonly name: string
  readonly forbids: readonly (keyof typeof rules)[]
}

/** Adds what a recipe does against the rules of its track, and what is wrong with the track itself. */
export function checkTrack(
  recipe: NormalRecipe,
  track: Track | undefined,
  registry: Registry,
  where: string,
  problems: Problem[],
): void {
  if (track === undefined) return
  if (!isTrack(track, where, problems)) return
  for (const rule of track.forbids) problems.push(...rules[rule](recipe, track.name, registry, where))
}

function isTrack(track: Track, where: string, problems: Problem[]): boolean {
  const given: Json = asJson(track)
  const names = Object.keys(rules)
  const forbids = isObject(given) ? given.forbids : undefined
  const known = Array.isArray(forbids) && forbids.every((rule) => names.includes(rule as string))
  if (!isObject(given) || typeof given.name !== 'string' || !known) {
    const form = `{ name: 'my-rules', forbids: [${names.map((name) => `'${name}'`).join(', ')}] }, or some of these rules`
    problems.push({ ...missing(where, 'track', form, given), fix: 'correct `track` of the table or of the row.' })
    return false
  }
  checkKeys(given, ['name', 'forbids'], `${where} track`, problems)
  return true
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
