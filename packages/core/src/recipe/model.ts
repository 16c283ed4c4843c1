import type { Model, Shape } from '../contracts.ts'
import { type Problem, suggest } from '../errors/index.ts'
import type { Json } from '../json.ts'
import type { NormalUse, Registry } from '../plugin/registry.ts'
import { type FilledSlot, type Slot, type SlotDeclarations, type SlotKind, slotOf } from '../plugin/slots.ts'
import type { Rng } from '../rng/index.ts'
import { checkKeys, isObject, type JsonObject, missing } from './problems.ts'

/**
 * A model of a normalised recipe: the skeleton, and what stands in each of its slots. Empty slots are left out, so that a
 * skeleton can get another optional slot without changing the hash of any recipe.
 */
export interface NormalModel {
  readonly skeleton: NormalUse
  /** A slot with places has `where` among its options. A list holds two at least: a list of one becomes that one. */
  readonly slots: { readonly [slot: string]: NormalFilling }
}

/** What stands in a slot. */
export type NormalFilling = NormalUse | readonly NormalUse[]

/** What stands in a slot, as a list. */
export function usesOf(filling: NormalFilling | undefined): readonly NormalUse[] {
  if (filling === undefined) return []
  return 'use' in filling ? [filling] : filling
}

/** A list as it stands in a slot: what usually is alone has the same form, and so the same hash, whether listed or not. */
export function fillingOf(uses: readonly NormalUse[]): NormalFilling | undefined {
  return uses.length > 1 ? uses : uses[0]
}

/** Fills in the defaults of a model and of its slots; adds what is wrong to `problems`. */
export function normalizeModel(
  value: Json | undefined,
  registry: Registry,
  where: string,
  problems: Problem[],
): NormalModel {
  if (typeof value !== 'string' && !(isObject(value) && typeof value.use === 'string')) {
    problems.push(missing(where, 'model', 'a model name or { use: name, … }', value))
    return { skeleton: { use: '' }, slots: {} }
  }
  const { slots: given = {}, ...use } = typeof value === 'string' ? { use: value } : (value as JsonObject)
  const skeleton = registry.normalize('model', use as { use: string }, where)
  problems.push(...skeleton.problems)
  if (!isObject(given)) {
    problems.push(missing(where, 'model.slots', '{ slot: block, … }', given))
    return { skeleton: skeleton.use, slots: {} }
  }
  const declared = declarationsOf(registry, use.use as string)
  checkKeys(given, Object.keys(declared), `${where} model.slots`, problems)
  const slots: Record<string, NormalFilling> = {}
  for (const [name, declaration] of Object.entries(declared)) {
    const slot = slotOf(declaration)
    const filled = Object.hasOwn(given, name) ? given[name]! : slot.default
    const normal = normalizeSlot(slot, filled, registry, `${where} slot "${name}"`, problems)
    if (normal !== undefined) slots[name] = normal
  }
  return { skeleton: skeleton.use, slots }
}

function declarationsOf(registry: Registry, model: string): SlotDeclarations {
  return (registry.list('model').find(({ name }) => name === model)?.component.slots ?? {}) as SlotDeclarations
}

/** The long form of what is put into a slot; undefined when it stays empty. */
function normalizeSlot(
  slot: Slot,
  filled: Json,
  registry: Registry,
  place: string,
  problems: Problem[],
): NormalFilling | undefined {
  if (filled === null && slot.default === null) return undefined
  if (slot.many !== true || !Array.isArray(filled)) return normalizeOne(slot, filled, registry, place, problems)
  if (filled.length === 0 && slot.default !== null) return normalizeOne(slot, null, registry, place, problems)
  const uses = filled.map((use, index) => normalizeOne(slot, use, registry, `${place} entry ${index + 1}`, problems))
  return fillingOf(uses.filter((use) => use !== undefined))
}

function normalizeOne(
  slot: Slot,
  filled: Json,
  registry: Registry,
  place: string,
  problems: Problem[],
): NormalUse | undefined {
  if (typeof filled !== 'string' && !(isObject(filled) && typeof filled.use === 'string')) {
    const expected = `a ${slot.kind} name or { use: name, … }${slot.many === true ? ', or a list of them' : ''}`
    problems.push({
      code: 'E_RECIPE',
      what: `${place} must hold ${slot.kind === 'activation' ? 'an' : 'a'} ${slot.kind}.`,
      expected: slot.default === null ? `${expected}, or null to leave it empty.` : `${expected}; it cannot be empty.`,
      received: `${JSON.stringify(filled)}.`,
      fix: slot.default === null ? 'leave it out to keep it empty.' : `leave it out for "${slot.default}".`,
    })
    return undefined
  }
  const { where: given, ...use } = typeof filled === 'string' ? { use: filled } : (filled as JsonObject)
  const normal = registry.normalize(slot.kind, use as { use: string }, place)
  problems.push(...normal.problems)
  const where = normalizePlace(slot, given, place, problems)
  return where === undefined ? normal.use : { ...normal.use, where }
}

function normalizePlace(
  { places = [] }: Slot,
  given: Json | undefined,
  place: string,
  problems: Problem[],
): string | undefined {
  if (given === undefined) return places[0]
  if (typeof given === 'string' && places.includes(given)) return given
  problems.push({
    code: 'E_RECIPE',
    what: places.length === 0 ? `${place} has no places to choose from.` : `${place} has no place ${quoted(given)}.`,
    expected: places.length === 0 ? 'no `where`.' : `where: one of ${places.join(', ')}.`,
    received: `where: ${JSON.stringify(given)}.`,
    fix: places.length === 0 ? 'leave `where` out.' : suggest(String(given), places),
  })
  return places[0]
}

const quoted = (value: Json) => (typeof value === 'string' ? `"${value}"` : JSON.stringify(value))

/** Builds the model of a normalised recipe; the same seed gives the same weights. */
export function createModel(
  registry: Registry,
  { skeleton, slots }: NormalModel,
  context: { imageShape: Shape; classes: number; init: Rng },
): Model {
  const declared = declarationsOf(registry, skeleton.use)

  function read<K extends SlotKind>(name: string, kind: SlotKind = 'block', many = false): FilledSlot<K>[] {
    const declaration = declared[name]
    if (declaration === undefined) throw new Error(`model "${skeleton.use}" asks for the undeclared slot "${name}"`)
    const slot = slotOf(declaration)
    if (slot.kind !== kind)
      throw new Error(`model "${skeleton.use}" asks for a ${kind} in the ${slot.kind} slot "${name}"`)
    if (slot.many === true && !many)
      throw new Error(`model "${skeleton.use}" asks for one of the many in slot "${name}"`)
    return usesOf(slots[name]).map(({ where, ...use }) => ({
      use: use.use as string,
      ...(slot.places === undefined ? {} : { where: where as string }),
      create: (inner) => registry.create(kind as K, use as NormalUse, inner),
    }))
  }

  return registry.create('model', skeleton, {
    ...context,
    slot(name, kind) {
      const [filled] = read<NonNullable<typeof kind>>(name, kind)
      if (filled === undefined) throw new Error(`model "${skeleton.use}" asks for the empty slot "${name}"`)
      return filled
    },
    optionalSlot: (name, kind) => read<NonNullable<typeof kind>>(name, kind)[0],
    slotUses: (name, kind) => read(name, kind, true),
  })
}
