/** Families by how they round the width between the two maps. */
export const widthRules = ['timm', 'fastai', 'keras', 'efficientnet'] as const
export type WidthRule = (typeof widthRules)[number]

/**
 * Channels between the two maps, C = channels and r = reduction:
 *
 * - `timm` (SEModule): the multiple of 8 nearest to C/r, halves up, at least 8
 * - `fastai` (v2): `⌈⌊C/r⌋ / 8⌉ · 8`
 * - `keras` (the forum's dense block): `⌊C/r⌋`
 * - `efficientnet`: `⌊C/r⌋`, at least 1
 *
 * 0 where the family's own code would build a layer of no units.
 */
export function hiddenWidth(channels: number, reduction: number, rule: WidthRule): number {
  switch (rule) {
    case 'timm':
      return Math.max(8, Math.floor((channels / reduction + 4) / 8) * 8)
    case 'fastai':
      return Math.ceil(Math.floor(channels / reduction) / 8) * 8
    case 'keras':
      return Math.floor(channels / reduction)
    case 'efficientnet':
      return Math.max(1, Math.floor(channels / reduction))
  }
}
