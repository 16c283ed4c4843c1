import type { Stream } from '@tricklab/core'
import type { ImageOperation } from '@tricklab/core/contracts'

/** How strong each operation is at the highest level; at level 0 all but `solarize` change nothing or hardly anything. */
export interface Strengths {
  /** Share of the other side. */
  readonly shear: number
  /** Across and down. @unit pixels */
  readonly translate: readonly [x: number, y: number]
  /** @unit degrees */
  readonly rotate: number
  /** Brightness, colour, contrast and sharpness go from 1 − factor to 1 + factor. */
  readonly factor: number
  /** Bits that `posterize` keeps at level 0 and at the highest. */
  readonly bits: readonly [weakest: number, strongest: number]
}

/** The operations of AutoAugment's successors in torchvision's order; `identity` changes nothing. */
export const operationNames = [
  'identity',
  'shear-x',
  'shear-y',
  'translate-x',
  'translate-y',
  'rotate',
  'brightness',
  'colour',
  'contrast',
  'sharpness',
  'posterize',
  'solarize',
  'auto-contrast',
  'equalize',
] as const satisfies readonly (ImageOperation['name'] | 'identity')[]

/** A level from 0 to `levels` − 1; fractions lie between the whole ones. */
export interface Level {
  readonly level: number
  readonly levels: number
}

/**
 * The operation at a level: amounts are equally spaced, in float32 as `torch.linspace` has them; moves are whole pixels.
 * @param sign −1 turns moves, turns and factors round; others know no direction
 */
export function operationAt(
  name: ImageOperation['name'],
  { shear, translate, rotate, factor, bits }: Strengths,
  at: Level,
  sign: 1 | -1,
): ImageOperation {
  const signed = (most: number) => sign * spaced(0, most, at)
  switch (name) {
    case 'shear-x':
    case 'shear-y':
      return { name, amount: signed(shear) }
    case 'translate-x':
    case 'translate-y':
      return { name, amount: Math.trunc(signed(translate[name === 'translate-x' ? 0 : 1])) }
    case 'rotate':
      return { name, amount: signed(rotate) }
    case 'brightness':
    case 'colour':
    case 'contrast':
    case 'sharpness':
      return { name, amount: 1 + signed(factor) }
    case 'posterize':
      return { name, amount: bits[0] - Math.round((at.level / (at.levels - 1)) * (bits[0] - bits[1])) }
    case 'solarize':
      return { name, amount: spaced(255, 0, at) }
    case 'auto-contrast':
    case 'equalize':
      return { name }
  }
}

/** Counted from the nearer end, so that the ends are exact. */
function spaced(from: number, to: number, { level, levels }: Level): number {
  const step = Math.fround(Math.fround(Math.fround(to) - from) / (levels - 1))
  return level < Math.floor(levels / 2)
    ? Math.fround(from + step * level)
    : Math.fround(Math.fround(to) - step * (levels - 1 - level))
}

/** How pixels that move are read. */
export type Interpolation = 'nearest' | 'bilinear'

/** An operation of all, each as likely as any other, at a level and in a direction; none where it is `identity`. */
export function drawOperation(
  stream: Stream,
  strengths: Strengths,
  at: Level,
  interpolation: Interpolation,
): readonly ImageOperation[] {
  const name = operationNames[stream.integer(operationNames.length)]!
  const sign = stream.uniform() < 0.5 ? -1 : 1
  if (name === 'identity') return []
  return [{ ...operationAt(name, strengths, at, sign), smooth: interpolation === 'bilinear' }]
}
