import { fail, opt } from '@tricklab/core'

/** The option that every crop has. */
export const sizeOption = opt.integer({ min: 1, unit: 'pixels', doc: 'Width and height of the images that come out.' })

/** Chance that a training image is mirrored. */
export const flipOption = (standard: number) =>
  opt.number({
    min: 0,
    max: 1,
    default: standard,
    unit: 'probability',
    doc: 'Chance that a training image is mirrored left to right; validation images never are.',
  })

/** @errors E_OPTION_RANGE when a range ends before it begins */
export function checkRange(crop: string, from: readonly [string, number], to: readonly [string, number]): void {
  if (from[1] <= to[1]) return
  fail('E_OPTION_RANGE', {
    what: `The crop "${crop}" has a range that ends before it begins.`,
    expected: `${from[0]} not above ${to[0]}.`,
    received: `${from[0]} ${from[1]}, ${to[0]} ${to[1]}.`,
  })
}
