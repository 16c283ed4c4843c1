/** A linear map from values to pixels, with round tick values inside its domain. */
export interface Scale {
  (value: number): number
  readonly domain: readonly [number, number]
  readonly ticks: readonly number[]
  /** Distance between ticks. */
  readonly step: number
}

export interface ScaleOptions {
  /** Widen the domain to the nearest ticks. */
  readonly nice?: boolean
  /** Only whole numbers as ticks. */
  readonly whole?: boolean
  /** About how many ticks there should be. */
  readonly count?: number
}

/** Whether a value has a place on an axis: not NaN or infinite, nor so large that the span of two of them is. */
export const isPlaceable = (value: number): boolean => Math.abs(value) <= 1e300

/** The least and the greatest of the values that have a place on an axis; `otherwise` where none has. */
export function extentOf(
  values: readonly number[],
  otherwise: readonly [number, number] = [0, 1],
): readonly [number, number] {
  const placed = values.filter(isPlaceable)
  if (placed.length === 0) return otherwise
  return [placed.reduce((a, b) => Math.min(a, b)), placed.reduce((a, b) => Math.max(a, b))]
}

export function createScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  { nice = false, whole = false, count = 5 }: ScaleOptions = {},
): Scale {
  let [low, high] = opened(domain)
  const step = whole ? Math.max(1, niceStep(high - low, count)) : niceStep(high - low, count)
  if (nice) {
    // Multiples within a millionth of a tick count as on it, or rounding would add an empty one.
    low = Math.floor(low / step + 1e-6) * step
    high = Math.ceil(high / step - 1e-6) * step
  }
  const ticks: number[] = []
  for (let index = Math.ceil(low / step - 1e-6); index * step <= high + 1e-6 * step; index++) {
    // Adding 0 makes −0 a plain 0.
    ticks.push(index * step + 0)
  }
  const slope = (range[1] - range[0]) / (high - low)
  return Object.assign((value: number) => range[0] + (value - low) * slope, {
    domain: [low, high] as const,
    ticks,
    step,
  })
}

/** 1, 2 or 5 times a power of ten, so that about `count` steps make up the span. */
export function niceStep(span: number, count: number): number {
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 5, 10].find((candidate) => raw <= candidate * power * (1 + 1e-9)) ?? 10
  return factor * power
}

/** A domain of a single value, or next to it, is opened around it: a scale needs some width. */
function opened([low, high]: readonly [number, number]): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high))
  if (high - low > Math.max(1e-9 * size, 1e-12)) return [low, high]
  const half = size < 1e-12 ? 1 : size * 0.05
  return [low - half, high + half]
}

/** Tick labels with as many decimals as the step needs, exponents when that would be long. */
export function tickLabel(step: number): (value: number) => string {
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return (value) => {
    // −0 and the rounding left over by multiples of the step are 0.
    if (Math.abs(value) < step * 1e-6) return '0'
    if (decimals > 5 || Math.abs(value) >= 1e6) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
    return value.toFixed(decimals).replace('-', '−')
  }
}
