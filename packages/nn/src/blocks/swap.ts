import type { Block } from '@tricklab/core'
import type { SlotReader } from '@tricklab/core/plugin'
import type { PlaceContext } from './offers.ts'

/** What a convolution is made for. */
export type ConvWindow = Omit<PlaceContext, 'slots'>

/**
 * A convolution, or what the slot `swap` has in its place. A block there is asked for every convolution of the model and
 * may hand back the original, so that a rule of its own says which ones it replaces.
 */
export function createSwappable(slots: SlotReader | undefined, window: ConvWindow, original: () => Block): Block {
  return slots?.optionalSlot('swap')?.create({ ...window, offers: { ...window.offers, original } }) ?? original()
}
