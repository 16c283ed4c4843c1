import * as tf from '@tricklab/core/tf'
import type { TracedNode } from './trace.ts'

/** A sliding window as formats want it. */
export interface ExportWindow {
  readonly kernel: readonly [height: number, width: number]
  readonly strides: readonly [vertical: number, horizontal: number]
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

type Size4 = [number, number, number, number]

/** Zeros at the sides are resolved for this input size; the batch plays no part. */
const oneImage = ([, ...image]: readonly number[]) => [1, ...image] as Size4

/** The window of a convolution or depthwise convolution. */
export function convolutionWindow(
  { attrs }: TracedNode,
  input: readonly number[],
  filter: readonly number[],
): ExportWindow {
  const { strides, pad, dilations } = attrs as { strides: number; pad: 'same' | 'valid' | number; dilations: number }
  const info = tf.backend_util.computeConv2DInfo(oneImage(input), filter as Size4, strides, dilations, pad)
  return {
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    ...sidesOf(info.padInfo),
  }
}

/** The window of a pool. */
export function poolWindow({ attrs }: TracedNode, input: readonly number[]): ExportWindow {
  const { filterSize, strides, pad } = attrs as { filterSize: number; strides: number; pad: 'same' | 'valid' | number }
  const info = tf.backend_util.computePool2DInfo(oneImage(input), filterSize, strides, 1, pad)
  return {
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    ...sidesOf(info.padInfo),
  }
}

const sidesOf = ({ top, left, bottom, right }: tf.backend_util.PadInfo) => ({ top, left, bottom, right })
