import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
import { joinStages, type NormalRecipe, normalizeRow, type Row, stageRecipes } from '@tricklab/core/recipe'
import { describeRow } from '@tricklab/train'
import { changedOptions } from './changed-options.ts'
import { filledSlots } from './filled-slots.ts'

/** One part by which a row differs from the plain form of itself, and how to leave it out. */
export interface Trick {
  /** What `--drop` calls it: the component's name, or the path of an option. */
  readonly name: string
  /** Where it stands: `slot act`, `callback`, `optimizer`. */
  readonly place: string
  /** What stands there without it; null: nothing. */
  readonly instead: string | null
  /** The recipe without it, all else as it was. */
  without(recipe: NormalRecipe): NormalRecipe
}

/** What stands where a trick is left out, of the packages that every recipe may count on. */
const plain = { loss: 'cross-entropy', optimizer: 'adamw', schedule: 'constant' } as const

/** Optimizers and losses of the foundation are choices, not tricks: to leave them out says nothing. */
const foundation: readonly string[] = ['data', 'nn', 'optim']

/**
 * The tricks of a row: what it does beyond its plain form.
 *
 * - whatever stands in a slot that the skeleton would fill otherwise, or leave empty;
 * - every callback and every augmentation, and a predictor;
 * - a loss or an optimizer of a plugin: without it `cross-entropy`, or `adamw` with the options that both have;
 * - a schedule other than `constant`;
 * - an option that the row has neither as its table's base nor by default: without it the base's value.
 *
 * Data, metrics, epochs and batch size are what a row is about and no tricks; crops are data. In a training in stages a
 * trick is left out of every stage that has it, and the options of a stage are its own.
 * A component whose plain counterpart no plugin of the table registers cannot be left out.
 */
export function listTricks(row: Row): Trick[] {
  const { registry } = describeRow(row)
  const { recipe } = row
  const all = [
    ...filledSlots(recipe.model, registry),
    ...stageRecipes(recipe).flatMap((stage) => stageTricks(stage, registry)),
    ...(recipe.predictor === undefined ? [] : [predictorTrick(recipe.predictor)]),
    ...changedOptions(recipe, baseOf(row), registry),
  ]
  const tricks = all.filter(
    ({ name, place }, index) => all.findIndex((other) => other.name === name && other.place === place) === index,
  )
  return tricks.map((trick) => {
    const alone = tricks.filter(({ name }) => name === trick.name).length === 1
    return alone ? trick : { ...trick, name: `${trick.place.replace(/^slot /, '')}/${trick.name}` }
  })
}

/**
 * The tricks that a list of names asks for, in the row's order.
 * @errors E_TRICK_UNKNOWN; E_ARGUMENT when the row has none
 */
export function chooseTricks(row: Row, names: readonly string[] | undefined): Trick[] {
  const tricks = listTricks(row)
  const place = `${row.table.id}/${row.name}`
  if (tricks.length === 0) {
    fail('E_ARGUMENT', {
      what: `${place} has nothing to leave out.`,
      expected: 'a row with a filled slot, a callback, an augmentation, or an optimizer or loss of a plugin.',
      received: 'a plain row.',
      fix: '`pnpm repro list` shows all rows.',
    })
  }
  if (names === undefined) return tricks
  const known = tricks.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    fail('E_TRICK_UNKNOWN', {
      what: `${place} has no trick "${name}".`,
      expected: `some of ${known.join(', ')}.`,
      received: `"${name}".`,
      fix: suggest(name, known),
    })
  }
  return tricks.filter(({ name }) => names.includes(name))
}

/** The table's base as a recipe of its own. */
function baseOf({ table }: Row): NormalRecipe {
  return normalizeRow({ ...table, rows: { base: {} } }, 'base').recipe
}

/** What one stage of a training does, or the whole of one without stages. */
function stageTricks(stage: NormalRecipe, registry: Registry): Trick[] {
  const callbacks = stage.callbacks.map(
    ({ use }): Trick => ({
      name: use,
      place: 'callback',
      instead: null,
      without: inEveryStage((recipe) => ({ ...recipe, callbacks: others(recipe.callbacks, use) })),
    }),
  )
  const augmentations = (stage.data.train?.augment ?? []).map(
    ({ use }): Trick => ({
      name: use,
      place: 'augmentation',
      instead: null,
      without: inEveryStage((recipe) => {
        const { train } = recipe.data
        if (train === undefined) return recipe
        return { ...recipe, data: { ...recipe.data, train: { ...train, augment: others(train.augment, use) } } }
      }),
    }),
  )
  const decay = stage.decaySchedule && {
    name: stage.decaySchedule.use,
    place: 'decaySchedule',
    instead: null,
    without: inEveryStage(({ decaySchedule: _, ...recipe }) => recipe),
  }
  const replaced = (['loss', 'optimizer', 'schedule'] as const).flatMap((kind): Trick[] => {
    const { use } = stage[kind]
    if (!isTrick(kind, use, registry)) return []
    const without = inEveryStage((recipe) =>
      recipe[kind].use === use ? { ...recipe, [kind]: plainCounterpart(kind, recipe[kind], registry) } : recipe,
    )
    return [{ name: use, place: kind, instead: plain[kind], without }]
  })
  return [...callbacks, ...augmentations, ...replaced, ...(decay === undefined ? [] : [decay])]
}

const others = (uses: readonly NormalUse[], name: string): NormalUse[] => uses.filter(({ use }) => use !== name)

const inEveryStage =
  (change: (stage: NormalRecipe) => NormalRecipe) =>
  (recipe: NormalRecipe): NormalRecipe =>
    joinStages(stageRecipes(recipe).map(change))

function isTrick(kind: keyof typeof plain, use: string, registry: Registry): boolean {
  const known = registry.list(kind)
  const owner = known.find(({ name }) => name === use)?.plugin ?? ''
  const replaceable = known.some(({ name }) => name === plain[kind])
  return use !== plain[kind] && replaceable && (kind === 'schedule' || !foundation.includes(owner))
}

/** The plain component, with the options that both have as they were. */
function plainCounterpart(kind: keyof typeof plain, { use, ...options }: NormalUse, registry: Registry): NormalUse {
  const accepted = registry.component(kind, plain[kind]).options
  const shared = Object.entries(options).filter(([name]) => Object.hasOwn(accepted, name))
  return registry.normalize(kind, { use: plain[kind], ...Object.fromEntries(shared) }, `without ${use}`).use
}

function predictorTrick({ use }: NormalUse): Trick {
  return {
    name: use,
    place: 'predictor',
    instead: null,
    without: ({ predictor: _predictor, ...recipe }) => recipe,
  }
}
