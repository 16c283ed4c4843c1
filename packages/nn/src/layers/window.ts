import type { Shape } from '@tricklab/core'
import { expectPixels } from '../shape.ts'

/**
 * Zeros around an image: so many on every side, or `same`, TensorFlow's: as many as give `⌈size / stride⌉` outputs, the odd
 * one below and to the right.
 */
export type LayerPadding = number | 'same'

interface Window {
  readonly kernelSize: number
  readonly stride: number
  readonly padding: LayerPadding
}

type Sides = readonly [top: number, bottom: number, left: number, right: number]

/** The zeros at each side of an image of this size. */
export function resolvePadding([height, width]: readonly [number, number], window: Window): Sides {
  const [top, bottom] = padAxis(height, window)
  const [left, right] = padAxis(width, window)
  return [top, bottom, left, right]
}

/**
 * Shape after a sliding window.
 * @errors E_SHAPE when nothing would be left of the image
 */
export function windowOutput(what: string, input: Shape, window: Window, channels: number): Shape {
  const count = (size: number) => {
    const [before, after] = padAxis(size, window)
    return Math.floor((size + before + after - window.kernelSize) / window.stride) + 1
  }
  return expectPixels(what, input, [count(input[0]), count(input[1]), channels])
}

function padAxis(size: number, { kernelSize, stride, padding }: Window): readonly [before: number, after: number] {
  if (padding !== 'same') return [padding, padding]
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernelSize - size)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
