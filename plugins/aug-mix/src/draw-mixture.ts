import type { Stream } from '@tricklab/core'
import type { ImageOperation, ImageSize } from '@tricklab/core/contracts'
import { operate, operationAt, operationNames, type Strengths } from '@tricklab/data/operations'

/** Strengths of every operation; those of the first `severity` are drawn. */
export const levels = 10

/**
 * What every operation is at the highest level.
 * @paper arXiv:1912.02781
 * @differs none from torchvision's `AugMix`
 */
export const strengthsOf = ({ width, height }: ImageSize): Strengths => ({
  ...{ shear: 0.3, rotate: 30, factor: 0.9, bits: [4, 0] },
  translate: [width / 3, height / 3],
})

const colours: readonly string[] = ['brightness', 'colour', 'contrast', 'sharpness']
type Name = ImageOperation['name']
const all = operationNames.filter((name): name is Name => name !== 'identity')
/** Those of the paper: none that makes what corruptions of its benchmark make. */
const uncoloured = all.filter((name) => !colours.includes(name))

/** Options of a draw, as the plugin declares them. */
export interface Mixing {
  readonly severity: number
  readonly chains: number
  readonly depth: number
  readonly alpha: number
  readonly allOperations: boolean
}

/** Chains of operations with their shares, and the share of the image itself; all of them sum to 1. */
export interface Mixture {
  readonly own: number
  readonly chains: readonly { readonly share: number; readonly steps: readonly ImageOperation[] }[]
}

/** Own share ~ Beta(alpha, alpha); those of the chains share the rest by Dirichlet(alpha). Depth 0: one to three steps. */
export function drawMixture(stream: Stream, input: ImageSize, given: Mixing): Mixture {
  const [strengths, names] = [strengthsOf(input), given.allOperations ? all : uncoloured]
  const own = given.chains === 0 ? 1 : stream.beta(given.alpha, given.alpha)
  const parts = Array.from({ length: given.chains }, () => {
    const depth = given.depth === 0 ? 1 + stream.integer(3) : given.depth
    const steps = Array.from({ length: depth }, (): ImageOperation => {
      const name = names[stream.integer(names.length)]!
      const level = stream.integer(given.severity)
      return { ...operationAt(name, strengths, { level, levels }, stream.uniform() < 0.5 ? -1 : 1), smooth: true }
    })
    // Never all 0, so that the shares exist.
    return { weight: stream.gamma(given.alpha) + Number.MIN_VALUE, steps }
  })
  const sum = parts.reduce((total, { weight }) => total + weight, 0)
  return { own, chains: parts.map(({ weight, steps }) => ({ share: (1 - own) * (weight / sum), steps })) }
}

/** The mixture of an image of bytes; fractions stay. */
export function applyMixture(image: ImageSize & { readonly data: Uint8Array }, { own, chains }: Mixture): Float32Array {
  const mixed = Float32Array.from(image.data, (value) => own * value)
  for (const { share, steps } of chains) {
    for (const [i, value] of operate(image, steps).entries()) mixed[i]! += share * value
  }
  return mixed.map((value) => Math.min(255, value))
}
