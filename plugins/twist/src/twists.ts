import * as tf from '@tricklab/core/tf'
import { conv2d, type GroupedConv2dOptions, groupedConv2d } from '@tricklab/nn'
import { gridOf } from './grid.ts'
import { quarterTurn, slopeKernel } from './kernels.ts'
import { twistedSlopes } from './twisted-slopes.ts'

/** How the channels of a twist are grouped, and its stride. */
export type TwistWindow = Pick<GroupedConv2dOptions, 'groups' | 'sources' | 'stride'>

const convolve = (x: tf.Tensor4D, kernel: tf.Tensor4D, window: TwistWindow) => {
  const padding = Math.floor(kernel.shape[0] / 2)
  return window.groups === 1
    ? conv2d(x, kernel, { stride: window.stride, padding })
    : groupedConv2d(x, kernel, { ...window, padding })
}

/**
 * ConvTwist of two coefficients: `K∗x + X·(Kx∗x) + Y·(Ky∗x)`, `Kx = Ax·Dx + Ay·Dy`, Ky its quarter turn, X and Y the place
 * of the pixel on the output. Computed as `K∗x` and a 1 × 1 convolution of the twisted slopes: 11 multiply-accumulates a
 * pair of channels and pixel instead of 27.
 * @shape x `[N, H, W, C]`, kernel `[3, 3, C / groups, D]`, coefficients `[1, 1, 2C / groups, D]` → `[N, H', W', D]`
 */
export function twist(
  x: tf.Tensor4D,
  { kernel, coefficients }: { kernel: tf.Tensor4D; coefficients: tf.Tensor4D },
  window: TwistWindow,
): tf.Tensor4D {
  const slopes = twistedSlopes(x, window.stride)
  return tf.add(convolve(x, kernel, window), convolve(slopes, coefficients, { ...window, stride: 1 }))
}

/** `twist` by its definition, three convolutions: what tests and measurements compare it with. */
export function twistByDefinition(
  x: tf.Tensor4D,
  { kernel, coefficients }: { kernel: tf.Tensor4D; coefficients: tf.Tensor4D },
  window: TwistWindow,
): tf.Tensor4D {
  const kernelX = slopeKernel(coefficients)
  const plain = convolve(x, kernel, window)
  const grid = gridOf(plain.shape[1], plain.shape[2], 1)
  const alongX = tf.mul(convolve(x, kernelX, window), grid.x)
  const alongY = tf.mul(convolve(x, quarterTurn(kernelX), window), grid.y)
  return tf.add(plain, tf.add(alongX, alongY))
}

/** Kernels of a twist without structure: `[3, 3, C / groups, D]` each. */
export interface ThreeKernels {
  readonly kernel: tf.Tensor4D
  readonly kernelX: tf.Tensor4D
  readonly kernelY: tf.Tensor4D
}

/** The three convolutions as one, of kernels side by side: the image is read once. In groups they are three. */
function convolveThree(x: tf.Tensor4D, { kernel, kernelX, kernelY }: ThreeKernels, window: TwistWindow) {
  const kernels = [kernel, kernelX, kernelY]
  const outputs =
    window.groups === 1
      ? tf.split(convolve(x, tf.concat(kernels, 3), window), 3, 3)
      : kernels.map((each) => convolve(x, each, window))
  return outputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]
}

/**
 * ConvTwist with centres: `K∗x + (X + cx)·(Kx∗x) + (Y + cy)·(Ky∗x)`, a centre an output channel.
 *
 * The centres are a change of the plain kernel: what is computed is `(K + cx·Kx + cy·Ky)∗x + X·(Kx∗x) + Y·(Ky∗x)`.
 * @shape x `[N, H, W, C]`, kernels `[3, 3, C / groups, D]`, centres `[D]` → `[N, H', W', D]`
 */
export function twistAroundCentres(
  x: tf.Tensor4D,
  { kernel, kernelX, kernelY }: ThreeKernels,
  { centreX, centreY }: { centreX: tf.Tensor; centreY: tf.Tensor },
  window: TwistWindow,
): tf.Tensor4D {
  const moved = tf.add(tf.mul(kernelX, centreX), tf.mul(kernelY, centreY))
  const kernels = { kernel: tf.add(kernel, moved) as tf.Tensor4D, kernelX, kernelY }
  const [plain, alongX, alongY] = convolveThree(x, kernels, window)
  const grid = gridOf(plain.shape[1], plain.shape[2], 1)
  return tf.add(plain, tf.add(tf.mul(alongX, grid.x), tf.mul(alongY, grid.y)))
}

/**
 * The first TwistLayer: `K∗x + M·((X − cx)·(Kx∗x) + (Y − cy)·(Ky∗x))` with X and Y from 0 to 2, Ky the quarter turn of Kx
 * the other way, and M a ramp that falls from 1 to 0 around the circle of radius r about the centre.
 * @shape x `[N, H, W, C]`, kernels `[3, 3, C / groups, D]`, centres and radii `[D]` → `[N, H', W', D]`
 */
export function twistInCircles(
  x: tf.Tensor4D,
  { kernel, kernelX }: Omit<ThreeKernels, 'kernelY'>,
  { centreX, centreY, radius }: { centreX: tf.Tensor; centreY: tf.Tensor; radius: tf.Tensor },
  window: TwistWindow,
): tf.Tensor4D {
  const kernelY = quarterTurn(kernelX, 'rows')
  const [plain, alongX, alongY] = convolveThree(x, { kernel, kernelX, kernelY }, window)
  const grid = gridOf(plain.shape[1], plain.shape[2], 0)
  const [placeX, placeY] = [tf.sub(grid.x, centreX), tf.sub(grid.y, centreY)]
  const distance = tf.div(tf.add(tf.square(placeX), tf.square(placeY)), tf.square(radius))
  const turned = tf.add(tf.mul(alongX, placeX), tf.mul(alongY, placeY))
  return tf.add(plain, tf.mul(ramp(distance), turned))
}

/** 1 up to 1 − a, 0 from 1 + a, straight between; a = 0.3. */
export function ramp(distance: tf.Tensor): tf.Tensor {
  const a = 0.3
  return tf.clipByValue(tf.div(tf.sub(1 + a, distance), 2 * a), 0, 1)
}

/**
 * `(I + F/k)^k x − x`: k Euler steps of `dx/dt = F(x)` instead of one; `F(x)` for k = 1.
 * @paper none: forums.fast.ai/t/64806; arXiv:1806.07366 for the view of a ResNet as a differential equation
 */
export function iterate(x: tf.Tensor4D, steps: number, f: (x: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D {
  if (steps === 1) return f(x)
  let at = x
  for (let step = 0; step < steps; step++) at = tf.add(at, tf.div(f(at), steps))
  return tf.sub(at, x)
}
