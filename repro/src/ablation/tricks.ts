import { createRegistry, fail, type NormalRecipe, normalizeRow, type Registry, type Row, suggest } from '@tricklab/core'
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
 * - every callback and every augmentation;
 * - a loss or an optimizer of a plugin: without it `cross-entropy`, or `adamw` with the options that both have;
 * - a schedule other than `constant`;
 * - an option that the row has neither as its table's base nor by default: without it the base's value.
 *
 * Data, metrics, epochs and batch size are what a row is about and no tricks; crops are data.
 * A component whose plain counterpart no plugin of the table registers cannot be left out.
 */
export function listTricks(row: Row): Trick[] {
  const registry = createRegistry(row.table.plugins)
  const { recipe } = row
  const tricks = [
    ...filledSlots(recipe.model, registry),
    ...recipe.callbacks.map(({ use }, index) => dropFromList('callback', use, index, leaveOutCallback)),
    ...(recipe.data.train?.augment ?? []).map(({ use }, index) =>
      dropFromList('augmentation', use, index, leaveOutAugmentation),
    ),
    ...replaced(recipe, registry),
    ...changedOptions(recipe, baseOf(row), registry),
  ]
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

function dropFromList(
  place: string,
  name: string,
  index: number,
  leaveOut: (recipe: NormalRecipe, index: number) => NormalRecipe,
): Trick {
  return { name, place, instead: null, without: (recipe) => leaveOut(recipe, index) }
}

const leaveOutCallback = (recipe: NormalRecipe, index: number): NormalRecipe => ({
  ...recipe,
  callbacks: recipe.callbacks.filter((_, other) => other !== index),
})

function leaveOutAugmentation(recipe: NormalRecipe, index: number): NormalRecipe {
  const train = recipe.data.train!
  const augment = train.augment.filter((_, other) => other !== index)
  return { ...recipe, data: { ...recipe.data, train: { ...train, augment } } }
}

/** Loss, optimizer and schedule that are not the plain ones. */
function replaced(recipe: NormalRecipe, registry: Registry): Trick[] {
  const kinds = ['loss', 'optimizer', 'schedule'] as const
  return kinds.flatMap((kind) => {
    const { use, ...options } = recipe[kind]
    const owner = registry.list(kind).find(({ name }) => name === use)?.plugin ?? ''
    const known = registry.list(kind).some(({ name }) => name === plain[kind])
    if (use === plain[kind] || !known || (kind !== 'schedule' && foundation.includes(owner))) return []
    const accepted = registry.component(kind, plain[kind]).options
    const shared = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(accepted, name)))
    const without = registry.normalize(kind, { use: plain[kind], ...shared } as { use: string }, `without ${use}`).use
    return [{ name: use, place: kind, instead: plain[kind], without: (other) => ({ ...other, [kind]: without }) }]
  })
}
