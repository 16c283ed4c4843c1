import type { Stream } from '@tricklab/core'

/** Who is mixed with whom, and how much of the first remains. */
export interface MixPlan {
  /** A permutation of the batch: image i is mixed with image `partners[i]`. */
  readonly partners: Uint32Array
  /** λ, the share of image i itself: from 0.5 to 1. */
  readonly shares: Float32Array
}

/**
 * All the randomness of one batch: a random permutation, and `λ = max(λ', 1 − λ')` with `λ' ~ Beta(alpha, alpha)`.
 *
 * E λ is 0.899 for alpha 0.2, 0.840 for 0.4 and 1/2 + 1/π for 0.5.
 */
export function drawMix(
  stream: Stream,
  size: number,
  { alpha, per }: { readonly alpha: number; readonly per: 'sample' | 'batch' },
): MixPlan {
  const partners = stream.permutation(size)
  const draw = () => {
    const share = stream.beta(alpha, alpha)
    return Math.max(share, 1 - share)
  }
  const shared = per === 'batch' ? draw() : undefined
  return { partners, shares: Float32Array.from(partners, () => shared ?? draw()) }
}
