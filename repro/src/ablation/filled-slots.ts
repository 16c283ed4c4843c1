import { type NormalModel, type NormalUse, type Registry, type SlotDeclarations, slotOf } from '@tricklab/core'
import type { Trick } from './tricks.ts'

/** What a recipe has put into the slots of its model, other than the skeleton would. */
export function filledSlots(model: NormalModel, registry: Registry): Trick[] {
  const declared: SlotDeclarations = registry.component('model', model.skeleton.use).slots ?? {}
  return Object.entries(model.slots).flatMap(([name, { use }]) => {
    const { kind, default: usual, places = [] } = slotOf(declared[name]!)
    if (use === usual) return []
    const empty = usual === null ? undefined : registry.normalize(kind, usual, `slot "${name}"`).use
    const placed = empty !== undefined && places.length > 0 ? { ...empty, where: places[0]! } : empty
    return [
      {
        name: use,
        place: `slot ${name}`,
        instead: usual,
        without: (recipe) => ({
          ...recipe,
          model: { ...recipe.model, slots: refill(recipe.model.slots, name, placed) },
        }),
      },
    ]
  })
}

/** The slots with another filling of one; undefined empties it. */
function refill(slots: NormalModel['slots'], name: string, filling: NormalUse | undefined): NormalModel['slots'] {
  const { [name]: _before, ...others } = slots
  return filling === undefined ? others : { ...others, [name]: filling }
}
