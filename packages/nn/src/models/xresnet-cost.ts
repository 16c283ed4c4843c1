import { xresnetVariants } from './xresnet.ts'

/** What a network takes, for one image. */
export interface XresnetCost {
  /** Trainable numbers. */
  readonly params: number
  /** Multiply-accumulates of a forward pass. */
  readonly macs: number
  /** Numbers that a training step keeps for its backward pass. */
  readonly activations: number
}

/** What the cost of an xresnet depends on; the defaults are those of the model. */
export interface XresnetPlan {
  readonly layers: readonly number[]
  readonly expansion: number
  readonly widths?: readonly number[]
  readonly stemWidths?: readonly number[]
}

export type XresnetName = keyof typeof xresnetVariants

/**
 * Cost of xresnet with its slots as they are by default, without making one.
 *
 * Kept for the backward pass are the inputs of convolutions, norms and pools. ReLU is part of the norm before it or of the
 * sum at the end of a block, and keeps nothing of its own.
 * @unit image size in pixels, square
 */
export function xresnetCost(
  plan: XresnetName | XresnetPlan,
  { imageSize, channels = 3, classes }: { imageSize: number; channels?: number; classes: number },
): XresnetCost {
  const chosen: XresnetPlan = typeof plan === 'string' ? xresnetVariants[plan] : plan
  const { layers, expansion, widths = [64, 128, 256, 512], stemWidths = [32, 32, 64] } = chosen
  const sum = { params: 0, macs: 0, activations: imageSize ** 2 * channels }
  /** A convolution and the norm behind it. */
  const convolve = (from: number, to: number, kernelSize: number, area: number) => {
    sum.params += kernelSize ** 2 * from * to + 2 * to
    sum.macs += kernelSize ** 2 * from * to * area
    sum.activations += to * area
  }
  let size = Math.ceil(imageSize / 2)
  let inputs = channels
  for (const width of stemWidths) {
    convolve(inputs, width, 3, size ** 2)
    sum.activations += width * size ** 2
    inputs = width
  }
  size = Math.ceil(size / 2)
  sum.activations += inputs * size ** 2
  for (const [stage, repeats] of layers.entries()) {
    const inner = widths[stage]!
    const outputs = inner * expansion
    for (let index = 0; index < repeats; index++) {
      const halves = stage > 0 && index === 0
      const before = size ** 2
      if (halves) size = Math.ceil(size / 2)
      const area = size ** 2
      // The stride is on the first 3 × 3; what lies before it works on the larger image.
      const window: [number, number, number][] =
        expansion === 1
          ? [
              [inputs, 3, area],
              [inner, 3, area],
            ]
          : [
              [inputs, 1, before],
              [inner, 3, area],
              [inner, 1, area],
            ]
      for (const [position, [from, kernelSize, pixels]] of window.entries()) {
        const last = position === window.length - 1
        convolve(from, last ? outputs : inner, kernelSize, pixels)
        if (!last) sum.activations += inner * pixels
      }
      if (halves) sum.activations += inputs * area
      if (inputs !== outputs) convolve(inputs, outputs, 1, area)
      sum.activations += outputs * area
      inputs = outputs
    }
  }
  sum.params += inputs * classes + classes
  sum.macs += inputs * classes
  return sum
}
