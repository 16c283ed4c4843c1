/** How numbers are written for people, in the terminal, in reports and in Markdown alike. */
import type { Summary } from './statistics/index.ts'

/** Metrics that are shares of the images: written in per cent, their differences in percentage points (pp). */
const isShare = (metric: string): boolean => /(^|-)(accuracy|error-rate)$|^top-?\d/.test(metric)

/** `89.50 %` for a share, `0.3140` for other metrics. */
export function formatValue(metric: string, value: number): string {
  return isShare(metric) ? `${(100 * value).toFixed(2)} %` : value.toFixed(4)
}

/** A size without direction, such as a spread or a tolerance: `1.00 pp` or `0.0100`. */
export function formatSize(metric: string, size: number): string {
  return isShare(metric) ? `${(100 * size).toFixed(2)} pp` : size.toFixed(4)
}

/** A difference with its sign, `+0.14 pp`, `−0.0100`; zero has none. */
export function formatDifference(metric: string, difference: number): string {
  const size = formatSize(metric, Math.abs(difference))
  if (!/[1-9]/.test(size)) return size
  return `${difference < 0 ? '−' : '+'}${size}`
}

/** An interval of differences, `−0.52 to +0.80 pp`. */
export function formatInterval(metric: string, { low, high }: { readonly low: number; readonly high: number }): string {
  return `${formatDifference(metric, low).replace(/ pp$/, '')} to ${formatDifference(metric, high)}`
}

/** `89.64 ± 0.21 % (3)`: mean, sample standard deviation and count; a single value has no spread to show. */
export function formatSummary(metric: string, { mean, sd, n }: Summary): string {
  if (n === 0) return '–'
  const value = formatValue(metric, mean)
  if (sd === null) return `${value} (${n})`
  const spread = isShare(metric) ? (100 * sd).toFixed(2) : sd.toFixed(4)
  return value.endsWith(' %') ? `${value.slice(0, -2)} ± ${spread} % (${n})` : `${value} ± ${spread} (${n})`
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
