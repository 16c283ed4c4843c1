import type { Html } from '@tricklab/repro'

/** A drawing of what a trick does, and what it shows in a sentence or two. */
export interface Picture {
  readonly svg: Html
  readonly caption: string
}
