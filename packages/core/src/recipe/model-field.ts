import type { Json } from '../json.ts'
import type { OptionInput } from '../options.ts'
import type { AnyRegistration, Registration, Use } from '../plugin/define.ts'
import type { Slot, SlotDeclarations, SlotKind } from '../plugin/slots.ts'
import type { LongUse } from './component-fields.ts'
import { type Field, type Place, type Registered, type Written, written } from './field.ts'
import { type NormalModel, normalizeModel } from './model.ts'

/** One thing in a slot: a name or `{ use, where, …options }`. */
type OneSlotUse<R extends AnyRegistration, D extends Slot> =
  | Use<R, D['kind']>
  | (D extends { places: readonly (infer P)[] } ? LongUse<R, D['kind']> & { readonly where?: P } : never)

/** What a recipe may put into a slot: one thing, a list where it takes many; null empties one that may be empty. */
type SlotUse<R extends AnyRegistration, D> = D extends Slot
  ?
      | OneSlotUse<R, D>
      | (D extends { many: true } ? readonly OneSlotUse<R, D>[] : never)
      | (D extends { default: null } ? null : never)
  : Use<R, 'block'>

type AnyOneSlotUse<R extends AnyRegistration> =
  | Use<R, SlotKind>
  | (LongUse<R, 'block'> & { readonly where?: string })
  | (LongUse<R, 'activation'> & { readonly where?: string })
type AnySlotUse<R extends AnyRegistration> = AnyOneSlotUse<R> | readonly AnyOneSlotUse<R>[] | null

/** Slots of a model whose declaration the types know; any slots where they do not. */
type Slots<R extends AnyRegistration, L extends SlotDeclarations> = [keyof L] extends [never]
  ? never
  : string extends keyof L
    ? { readonly [slot: string]: AnySlotUse<R> }
    : { readonly [K in keyof L]?: SlotUse<R, L[K]> }

type LongModel<R extends AnyRegistration, M = R> =
  M extends Registration<'model', infer N, infer S, infer L>
    ? { readonly use: N } & OptionInput<S> & { readonly slots?: Slots<R, L> }
    : never
/** A model: its name, or its options and what stands in its slots. */
export type ModelSpec<R extends AnyRegistration> = Extract<Use<R, 'model'>, string> | LongModel<R>

export interface WrittenModel extends Written {
  readonly base: ModelSpec<Registered<this>>
  readonly change: ModelSpec<Registered<this>> | Partial<LongModel<Registered<this>>>
  readonly stage: never
}

/** The field `model` of a recipe. */
export const modelField = {
  written: written<WrittenModel>(),
  optional: false,
  stage: 'never',
  read: (value: Json | undefined, { registry, row, problems }: Place): NormalModel =>
    normalizeModel(value, registry, row, problems),
} satisfies Field
