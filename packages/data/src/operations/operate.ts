// Runs in workers: types of core only.
import type { ImageOperation } from '@tricklab/core/contracts'
import type { Pixels } from '../pixels/resample.ts'
import { autoContrast, brighten, colour, contrast, equalize, posterize, sharpness, solarize } from './colour.ts'
import { type AffineMap, placeNearest, placeSmooth, rotation } from './place.ts'

type Operate = (image: Pixels, amount: number, smooth: boolean) => Uint8Array

const place =
  (mapOf: (amount: number, image: Pixels) => AffineMap): Operate =>
  (image, amount, smooth) =>
    (smooth ? placeSmooth : placeNearest)(image, mapOf(amount, image))

const operations: Readonly<Record<ImageOperation['name'], Operate>> = {
  'shear-x': place((amount) => [1, amount, 0, 0, 1, 0]),
  'shear-y': place((amount) => [1, 0, 0, amount, 1, 0]),
  'translate-x': place((amount) => [1, 0, -amount, 0, 1, 0]),
  'translate-y': place((amount) => [1, 0, 0, 0, 1, -amount]),
  rotate: place(rotation),
  brightness: brighten,
  ...{ colour, contrast, sharpness, posterize, solarize, 'auto-contrast': autoContrast, equalize },
}

/**
 * Carries out operations one after the other. The bytes are those of Pillow (golden test).
 * @returns new bytes; those given stay
 */
export function operate(image: Pixels, steps: readonly ImageOperation[]): Uint8Array {
  return steps.reduce(
    (data, { name, amount = 0, smooth = false }) => operations[name]({ ...image, data }, amount, smooth),
    image.data.slice() as Uint8Array,
  )
}
