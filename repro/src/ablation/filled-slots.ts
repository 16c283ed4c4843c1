import { type Registry, type SlotDeclarations, slotOf } from '@tricklab/core/plugin'
import { fillingOf, type NormalFilling, type NormalModel, usesOf } from '@tricklab/core/recipe'
import type { Trick } from './tricks.ts'

/** What a recipe has put into the slots of its model, other than the skeleton would. */
export function filledSlots(model: NormalModel, registry: Registry): Trick[] {
  const declared: SlotDeclarations = registry.component('model', model.skeleton.use).slots ?? {}
  return Object.entries(model.slots).flatMap(([name, filling]) => {
    const { kind, default: usual, places = [] } = slotOf(declared[name]!)
    const empty = usual === null ? undefined : registry.normalize(kind, usual, `slot "${name}"`).use
    const placed = empty !== undefined && places.length > 0 ? { ...empty, where: places[0]! } : empty
    const uses = usesOf(filling)
    return uses.flatMap((filled, index) => {
      if (filled.use === usual) return []
      const others = uses.filter((_, other) => other !== index)
      const left = fillingOf(others) ?? placed
      return {
        name: filled.use,
        place: `slot ${name}`,
        instead: others.length > 0 ? null : usual,
        without: (recipe) => ({ ...recipe, model: { ...recipe.model, slots: refill(recipe.model.slots, name, left) } }),
      }
    })
  })
}

/** The slots with another filling of one; undefined empties it. */
function refill(slots: NormalModel['slots'], name: string, filling: NormalFilling | undefined): NormalModel['slots'] {
  const { [name]: _before, ...others } = slots
  return filling === undefined ? others : { ...others, [name]: filling }
}
