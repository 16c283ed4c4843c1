/** How RAdam takes a step. */
export interface Rectification {
  /** Whether the mean is divided by the root of the mean square. */
  readonly rectified: boolean
  /** What the learning rate is multiplied by. */
  readonly factor: number
}

/**
 * RAdam's correction at step t, counted from 1. With `n∞ = 2/(1 − β2) − 1` and
 * `n = n∞ − 2t·β2^t / (1 − β2^t)`, the length of the mean square in samples:
 *
 * `factor = r·√(1 − β2^t) / (1 − β1^t)` with `r² = (n − 4)(n − 2)n∞ / ((n∞ − 4)(n∞ − 2)n)` where n is above the
 * threshold, otherwise `1 / (1 − β1^t)`. For β2 0.99 and 0.999 the first rectified step is the sixth; r → 1.
 * @paper arXiv:1908.03265
 * @differs as Ranger does: rectified where n > 5; the paper has n > 4
 */
export function rectify(
  step: number,
  { beta1, beta2, rectifyAbove }: { readonly beta1: number; readonly beta2: number; readonly rectifyAbove: number },
): Rectification {
  const decayed = beta2 ** step
  const longest = 2 / (1 - beta2) - 1
  const length = longest - (2 * step * decayed) / (1 - decayed)
  const unbiased = 1 / (1 - beta1 ** step)
  if (!(length > rectifyAbove)) return { rectified: false, factor: unbiased }
  const variance = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)
  return { rectified: true, factor: unbiased * Math.sqrt(variance * (1 - decayed)) }
}
