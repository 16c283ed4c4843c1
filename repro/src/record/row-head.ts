import type { Json } from '@tricklab/core'
import type { Row } from '@tricklab/core/recipe'
import type { Manifest } from './types.ts'

/** What a manifest says of its row: the table decides all of it. */
export type RowHead = Pick<
  Manifest,
  'table' | 'title' | 'source' | 'row' | 'recipeHash' | 'recipe' | 'metrics' | 'reported' | 'tolerance' | 'note'
>

/** The head of a manifest, as the table stands today. */
export function rowHead({ recipe, table, name, hash, metrics, reported, tolerance, note }: Row): RowHead {
  return {
    table: table.id,
    title: table.title,
    source: table.source,
    row: name,
    recipeHash: hash,
    recipe: recipe as unknown as Json,
    metrics,
    reported: reported === undefined ? null : { metric: 'accuracy', ...reported },
    tolerance: tolerance ?? null,
    ...(note === undefined ? {} : { note }),
  }
}
