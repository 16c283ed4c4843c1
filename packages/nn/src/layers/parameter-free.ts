import type { Activation, Block } from '@tricklab/core'
import { applyDropConnect, drawDropConnect } from '../ops/drop-connect.ts'
import { leakyReluOffset } from '../ops/leaky-relu-offset.ts'
import { averagePool2, globalAveragePool, maxPool, maxPool2 } from '../ops/pool.ts'
import { fusedLinear, fusedRelu } from '../ops/relu.ts'
import { expectPixels, windowCount } from '../shape.ts'
import { nothingKept } from './kept.ts'

const parameterFree = { params: {}, macs: () => 0, dispose() {} } as const

/** slowai's GeneralReLU: `leaky_relu(x, slope) − offset`. */
export function createGeneralRelu({ slope, offset }: { slope: number; offset: number }): Block {
  return {
    ...parameterFree,
    outputShape: (input) => input,
    apply: (images) => leakyReluOffset(images, { alpha: slope, offset }),
  }
}

/**
 * Mean of 2 × 2 windows; odd sizes are rounded up.
 * @shape `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]`
 */
export function createAveragePool2(): Block {
  return {
    ...parameterFree,
    outputShape: ([height, width, channels]) => [Math.ceil(height / 2), Math.ceil(width / 2), channels],
    apply: (images) => averagePool2(images),
  }
}

/**
 * Largest value of 2 × 2 windows; odd sizes are rounded up.
 * @shape `[N, H, W, C]` → `[N, ⌈H/2⌉, ⌈W/2⌉, C]`
 */
export function createMaxPool2(): Block {
  return { ...createAveragePool2(), apply: (images) => maxPool2(images) }
}

/**
 * Largest value of each window.
 * @shape `[N, H, W, C]` → `[N, H', W', C]` with `H' = ⌊(H + 2·padding − size) / stride⌋ + 1`
 * @errors E_SHAPE when nothing would be left
 */
export function createMaxPool(spec: { size: number; stride: number; padding: number }): Block {
  const window = { kernelSize: spec.size, stride: spec.stride, padding: spec.padding }
  return {
    ...parameterFree,
    outputShape: (input) =>
      expectPixels('max pool', input, [windowCount(input[0], window), windowCount(input[1], window), input[2]]),
    apply: (images) => maxPool(images, spec),
  }
}

/**
 * Mean over all positions.
 * @shape `[N, H, W, C]` → `[N, 1, 1, C]`
 */
export function createGlobalAveragePool(): Block {
  return {
    ...parameterFree,
    outputShape: ([, , channels]) => [1, 1, channels],
    kept: () => nothingKept,
    apply: (images) => globalAveragePool(images),
  }
}

/** An activation as a layer among others. */
export function createActivationLayer(activation: Activation): Block {
  // ReLU needs to know where its output is above 0; others their input.
  const { fused } = activation
  const kept = { input: fused !== fusedLinear && fused !== fusedRelu, output: fused === fusedRelu }
  return {
    ...parameterFree,
    outputShape: (input) => input,
    kept: () => ({ ...kept, inside: 0 }),
    apply: (images) => activation.apply(images),
  }
}

/**
 * Leaves a residual branch out for a share `rate` of the images in training, and scales the others up by what is left out.
 * @paper arXiv:1603.09382
 */
export function createDropPath(rate: number): Block {
  return {
    ...parameterFree,
    outputShape: (input) => input,
    apply: (images, { training, rng }) =>
      training && rate > 0 ? applyDropConnect(images, drawDropConnect(rng.at('kept'), images.shape[0], rate)) : images,
  }
}
