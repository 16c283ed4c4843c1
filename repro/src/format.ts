/** How numbers are written for people, in the terminal, in reports and in Markdown alike. */
import type { MetricFormat } from '@tricklab/core/contracts'
import type { Summary } from './statistics/index.ts'

/** True for shares: written in per cent, their differences in percentage points (pp). */
export const isPercent = ({ style }: MetricFormat): boolean => style === 'percent'

/** The digits alone, without unit: `89.50`, `0.3140`. */
export function formatDigits(format: MetricFormat, value: number): string {
  const { digits = isPercent(format) ? 2 : 4 } = format
  return (isPercent(format) ? 100 * value : value).toFixed(digits)
}

const valueUnit = (format: MetricFormat) => unitText(isPercent(format) ? '%' : format.unit)
const sizeUnit = (format: MetricFormat) => unitText(isPercent(format) ? 'pp' : format.unit)
const unitText = (unit: string | undefined) => (unit === undefined ? '' : ` ${unit}`)

/** `89.50 %` for a share, `0.3140` or `12.5 ms` for other metrics. */
export function formatValue(format: MetricFormat, value: number): string {
  return `${formatDigits(format, value)}${valueUnit(format)}`
}

/** A size without direction, such as a spread or a tolerance: `1.00 pp` or `0.0100`. */
export function formatSize(format: MetricFormat, size: number): string {
  return `${formatDigits(format, size)}${sizeUnit(format)}`
}

/** A difference with its sign, `+0.14 pp`, `−0.0100`; zero has none. */
export function formatDifference(format: MetricFormat, difference: number): string {
  return `${formatSigned(format, difference)}${sizeUnit(format)}`
}

/** A difference without its unit, for lists of them: `+0.14`. */
export function formatSigned(format: MetricFormat, difference: number): string {
  const digits = formatDigits(format, Math.abs(difference))
  if (!/[1-9]/.test(digits)) return digits
  return `${difference < 0 ? '−' : '+'}${digits}`
}

/** An interval of differences, `−0.52 to +0.80 pp`. */
export function formatInterval(
  format: MetricFormat,
  { low, high }: { readonly low: number; readonly high: number },
): string {
  return `${formatSigned(format, low)} to ${formatDifference(format, high)}`
}

/** `89.64 ± 0.21 % (3)`: mean, sample standard deviation and count; a single value has no spread to show. */
export function formatSummary(format: MetricFormat, { mean, sd, n }: Summary): string {
  if (n === 0) return '–'
  const spread = sd === null ? '' : ` ± ${formatDigits(format, sd)}`
  return `${formatDigits(format, mean)}${spread}${valueUnit(format)} (${n})`
}

/** A duration: `42 s`, `6 min 20 s`, `3 h 05 min`. */
export function formatSeconds(seconds: number): string {
  const total = Math.round(seconds)
  if (total < 60) return `${seconds < 9.95 ? seconds.toFixed(1) : total} s`
  if (total < 3600) return `${Math.floor(total / 60)} min ${String(total % 60).padStart(2, '0')} s`
  const minutes = Math.round(total / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** How many times a reference: `× 1.08`. */
export function formatRatio(ratio: number): string {
  return `× ${ratio.toFixed(ratio < 0.1 ? 3 : 2)}`
}

/** A p value: `0.063`, `0.0020`, `< 0.0001`. */
export function formatP(p: number): string {
  if (p < 1e-4) return '< 0.0001'
  return p.toFixed(p < 0.01 ? 4 : 3)
}

/** Seeds in rising order, neighbours as a range: `1 to 5, 7`; `–` for none. */
export function formatSeeds(seeds: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const seed of [...seeds].sort((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run !== undefined && seed === run[1] + 1) run[1] = seed
    else runs.push([seed, seed])
  }
  if (runs.length === 0) return '–'
  return runs
    .map(([first, last]) => ({ 0: `${first}`, 1: `${first}, ${last}` })[last - first] ?? `${first} to ${last}`)
    .join(', ')
}
