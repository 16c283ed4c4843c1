import { studentQuantile } from './student-t.ts'
import { mean } from './summary.ts'
import type { Interval } from './welch.ts'

/** A power law `y = factor · x^exponent`. */
export interface PowerLaw {
  readonly exponent: number
  readonly factor: number
  /** 95 % interval of the exponent; null for two points, which leave nothing to judge the line by. */
  readonly interval: Interval | null
}

/**
 * Fits a power law by least squares on logarithms: `log y = log factor + exponent · log x`, standard error of the slope
 * `√(Σ residual² / (n − 2) / Σ(log x − mean)²)`, Student's t with n − 2 degrees of freedom.
 * @throws RangeError for fewer than two different x, or values that are not above 0
 */
export function fitPowerLaw(points: readonly { readonly x: number; readonly y: number }[]): PowerLaw {
  if (points.some(({ x, y }) => !(x > 0 && y > 0))) throw new RangeError('a power law needs values above 0')
  const [xs, ys] = [points.map(({ x }) => Math.log(x)), points.map(({ y }) => Math.log(y))]
  const [xMean, yMean] = [mean(xs), mean(ys)]
  const spread = xs.reduce((sum, x) => sum + (x - xMean) ** 2, 0)
  if (!(spread > 0)) throw new RangeError('a power law needs two different x')
  const exponent = xs.reduce((sum, x, index) => sum + (x - xMean) * (ys[index]! - yMean), 0) / spread
  const intercept = yMean - exponent * xMean
  const df = points.length - 2
  if (df === 0) return { exponent, factor: Math.exp(intercept), interval: null }
  const residual = xs.reduce((sum, x, index) => sum + (ys[index]! - intercept - exponent * x) ** 2, 0)
  const half = studentQuantile(0.975, df) * Math.sqrt(residual / df / spread)
  return { exponent, factor: Math.exp(intercept), interval: { low: exponent - half, high: exponent + half, df } }
}
