import { regularizedBeta } from '../statistics/beta.ts'

/** What is done to one-hot targets. */
export interface Softening {
  /** Width of the scores, over which label smoothing spreads. */
  readonly outputs: number
  /** Of label smoothing; 0: none. */
  readonly epsilon: number
  /** Of mixup; 0: none. */
  readonly alpha: number
  /** Probability that an image is mixed with one of its own class. */
  readonly same: number
}

/** Steps of the integral over the mixing share; cubic towards 0, where Beta densities below 1 have their pole. */
const steps = 400

/**
 * Mean entropy of mixed and smoothed targets: `E H((1 − ε)(λ·e₁ + (1 − λ)·e₂) + ε/N)`, λ ~ Beta(α, α), where the two
 * classes differ. It is what a cross-entropy cannot fall below: `CE(t, p) = H(t) + KL(t‖p)`.
 */
export function meanEntropy({ outputs, epsilon, alpha, same }: Softening): number {
  const entropyAt = (share: number) => entropyOfMix(share, outputs, epsilon)
  if (alpha === 0) return entropyAt(0)
  let mixed = 0
  let below = 0
  for (let step = 0; step < steps; step++) {
    // The density is symmetric, so one half of it is enough; its mass is ½.
    const mass = regularizedBeta(placeOf(step + 1), alpha, alpha)
    mixed += 2 * (mass - below) * entropyAt(placeOf(step + 0.5))
    below = mass
  }
  return same * entropyAt(0) + (1 - same) * mixed
}

const placeOf = (step: number) => 0.5 * (step / steps) ** 3

function entropyOfMix(share: number, outputs: number, epsilon: number): number {
  const floor = epsilon / outputs
  const part = (probability: number) => (probability === 0 ? 0 : -probability * Math.log(probability))
  return part((1 - epsilon) * share + floor) + part((1 - epsilon) * (1 - share) + floor) + (outputs - 2) * part(floor)
}
