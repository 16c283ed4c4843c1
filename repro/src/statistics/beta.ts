/**
 * Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]: the share of the Beta(a, b) distribution
 * below x. Evaluated by its continued fraction (DLMF 8.17.22), which converges fast for x < (a + 1)/(a + b + 2); the
 * other side follows from I_x(a, b) = 1 − I_(1−x)(b, a).
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a)
  const logFront = a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)
  return (Math.exp(logFront) / a) * continuedFraction(x, a, b)
}

/** ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b). */
function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) at x + k ≥ 10, brought back by Γ(x + 1) = x Γ(x). */
export function logGamma(x: number): number {
  let shift = 0
  let y = x
  for (; y < 10; y++) shift += Math.log(y)
  const inverse = 1 / (y * y)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / y
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** 1/(1 + d₁/(1 + d₂/(1 + …))) of DLMF 8.17.22, by the recurrence of its convergents, rescaled against overflow. */
function continuedFraction(x: number, a: number, b: number): number {
  let [numerator, previousNumerator] = [1, 1]
  let [denominator, previousDenominator] = [1, 0]
  // Convergents of 1 + d₁/(1 + …); the value sought is the inverse of their limit.
  for (let k = 1; k <= 10_000; k++) {
    const d = coefficient(k, x, a, b)
    const nextNumerator = numerator + d * previousNumerator
    const nextDenominator = denominator + d * previousDenominator
    const scale = 1 / nextDenominator
    const before = numerator / denominator
    previousNumerator = numerator * scale
    previousDenominator = denominator * scale
    numerator = nextNumerator * scale
    denominator = 1
    if (Math.abs(numerator - before) <= 1e-16 * Math.abs(numerator)) break
  }
  return denominator / numerator
}

function coefficient(k: number, x: number, a: number, b: number): number {
  const m = Math.floor(k / 2)
  return k % 2 === 0
    ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
}
