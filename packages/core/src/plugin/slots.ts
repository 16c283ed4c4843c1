import type { Kinds } from './define.ts'

/** Kinds of components that a slot of a model can hold. */
export type SlotKind = 'block' | 'activation'

/** A named place in a model that a recipe may fill. */
export interface Slot {
  readonly kind: SlotKind
  /** Registry name of what stands there where the recipe says nothing; null: the skeleton does without. */
  readonly default: string | null
  /** Where in the model a use can stand (`where: 'stage1-last'`); the first where the recipe does not say. */
  readonly places?: readonly string[]
  /** A recipe may give a list: all of them stand there, one behind the other, each in its own place. */
  readonly many?: true
}

/** Slots by name. A text alone is the default of a block slot. */
export type SlotDeclarations = { readonly [slot: string]: string | Slot }

/** What stands in a slot. */
export interface FilledSlot<K extends SlotKind = 'block'> {
  /** Registry name. */
  readonly use: string
  /** One of the slot's places, where it has any. */
  readonly where?: string
  create(context: Kinds[K]['context']): Kinds[K]['instance']
}

/** Reads the slots of a model as the recipe filled them. Asking for one that was not declared so is a defect. */
export interface SlotReader {
  /** What stands in a slot that is never empty. */
  slot<K extends SlotKind = 'block'>(name: string, kind?: K): FilledSlot<K>
  /** What stands in a slot whose default is null; undefined when nothing does. */
  optionalSlot<K extends SlotKind = 'block'>(name: string, kind?: K): FilledSlot<K> | undefined
  /** All that stands in a slot that takes many, in the recipe's order; none where it is empty. */
  slotUses<K extends SlotKind = 'block'>(name: string, kind?: K): readonly FilledSlot<K>[]
}

/** A declaration in its long form. */
export function slotOf(declaration: string | Slot): Slot {
  return typeof declaration === 'string' ? { kind: 'block', default: declaration } : declaration
}
