import { fail } from '@tricklab/core'
import type { MetricFormat } from '@tricklab/core/contracts'
import type { MetricTraits } from '@tricklab/core/recipe'
import { formatSize, formatValue, isPercent } from '../format.ts'
import type { Reported, Verdict } from '../record/types.ts'
import {
  differenceInterval,
  floorOf,
  type Interval,
  meanHalfWidth,
  normal975,
  type Summary,
  seedsFor,
  summarize,
  type Validation,
} from '../statistics/index.ts'

export interface JudgeInput {
  readonly reported: Reported | null
  /** Results of the finished seeds. */
  readonly measured: readonly number[]
  /** Largest accepted distance between the two means, in units of the metric. */
  readonly tolerance: number | null
  /** The run was shortened. */
  readonly partial: boolean
  /** Name, direction and format of what is measured. */
  readonly metric: MetricTraits
  /** What it was measured on: a share of few samples is not known well, however many seeds there are. */
  readonly validation: Validation
}

export interface Judgement {
  readonly verdict: Verdict
  /** Measured mean − reported mean; null when one of them is missing or the run was shortened. */
  readonly difference: number | null
  /** 95 % interval of the difference; null when there is no spread to make one of. */
  readonly interval: Interval | null
  /** Half the 95 % interval of the measured mean; null for one seed. */
  readonly halfWidth: number | null
  /** Why the verdict is what it is, in a sentence, and what its interval assumes. */
  readonly note: string
}

/** Mean, spread and count of the documented values, computed where the source lists every run; null without a mean. */
export function reportedSummary(reported: Reported | null): Summary | null {
  if (reported === null) return null
  if (reported.runs !== undefined && reported.runs.length > 0) return summarize(reported.runs)
  if (reported.mean === undefined) return null
  return { mean: reported.mean, sd: reported.sd ?? null, n: reported.n ?? 1 }
}

/**
 * Compares measured values with documented ones.
 *
 * In this order: `partial` when the run was shortened; `measured` when nothing is documented to compare with; `exceeds`
 * or `falls-short` when the whole 95 % interval of the difference lies outside the tolerance; `inconclusive` when the
 * measured mean is known too coarsely for the tolerance, that is when its 95 % half-width is larger than it; then
 * `reproduced` when |measured − reported| ≤ tolerance, else `exceeds` or `falls-short`.
 */
export function judge(input: JudgeInput): Judgement {
  const { measured, tolerance, metric } = input
  checkFinite(measured)
  const ours = summarize(measured)
  const theirs = reportedSummary(input.reported)
  const validation = isPercent(metric.format) ? input.validation : null
  // A shortened run says nothing about the documented value, so they are not set against each other.
  const compared = theirs === null || ours.n === 0 || input.partial ? null : compare(ours, theirs, validation)
  const result = (verdict: Verdict, sentence: string): Judgement => ({
    verdict,
    difference: compared?.difference ?? null,
    interval: compared?.interval ?? null,
    halfWidth: meanHalfWidth(ours, validation),
    note: [sentence, ...(compared?.note ? [compared.note] : [])].join(' '),
  })

  if (input.partial) return result('partial', 'The run was shortened, so it has no verdict.')
  if (theirs === null) return result('measured', 'The source documents no value for this row.')
  if (tolerance === null) return result('measured', 'The row declares no tolerance to judge by.')
  if (compared === null) return result('inconclusive', 'No seed has finished.')

  const words = wording(metric.format)
  if (!liesOutside(compared.interval, tolerance)) {
    const doubt = tooCoarse(ours, theirs, tolerance, validation, words)
    if (doubt !== null) return result('inconclusive', doubt)
  }
  return result(...place(ours, theirs, tolerance, metric.better, words))
}

/** Exit code of a set of rows: 1 when one falls short, else 0. */
export function exitCodeOf(rows: readonly { readonly verdict: Verdict }[]): 0 | 1 {
  return rows.some(({ verdict }) => verdict === 'falls-short') ? 1 : 0
}

/** True when a distance is within the tolerance; 0.895 and 0.885 are 0.01 apart, whatever binary fractions say. */
export function within(distance: number, tolerance: number): boolean {
  return Math.abs(distance) <= tolerance * (1 + 1e-9) + 1e-12
}

function compare(ours: Summary, theirs: Summary, validation: Validation | null) {
  return { difference: ours.mean - theirs.mean, ...differenceInterval(ours, theirs, validation) }
}

/** True when not even the nearest end of the interval is within the tolerance: more seeds would not change the verdict. */
function liesOutside(interval: Interval | null, tolerance: number): boolean {
  if (interval === null || interval.low * interval.high <= 0) return false
  return !within(Math.min(Math.abs(interval.low), Math.abs(interval.high)), tolerance)
}

type Wording = ReturnType<typeof wording>

function wording(format: MetricFormat) {
  return {
    value: (value: number) => formatValue(format, value),
    size: (size: number) => formatSize(format, size),
  }
}

/** Why the measured mean is not known well enough for the tolerance; null when it is. */
function tooCoarse(
  ours: Summary,
  theirs: Summary,
  tolerance: number,
  validation: Validation | null,
  { size }: Wording,
): string | null {
  const limit = `too coarse for a tolerance of ${size(tolerance)}`
  const samples = validation === null ? '' : ` on ${validation.samples} validation samples`
  if (ours.sd !== null) {
    const half = meanHalfWidth(ours, validation)
    if (half === null) return `All ${ours.n} seeds gave the same value, so their spread is unknown.`
    if (within(half, tolerance)) return null
    const seeds = seedsFor((n) => meanHalfWidth({ ...ours, n }, validation) ?? 0, tolerance, ours.n)
    return `The mean of ${ours.n} seeds${samples} is known to ±${size(half)}, ${limit}: ${enough(seeds, validation)}`
  }
  if (theirs.sd === null || theirs.n < 2) {
    return 'One seed has no spread and the source gives none: at least one more seed is needed (2 in all).'
  }
  const half = normal975 * Math.sqrt(Math.max(theirs.sd ** 2, floorOf(ours.mean, validation)))
  if (within(half, tolerance)) return null
  const assumed = { ...ours, sd: theirs.sd }
  const seeds = seedsFor((n) => meanHalfWidth({ ...assumed, n }, validation) ?? 0, tolerance)
  return `One seed${samples} is known to ±${size(half)} by the spread of the source, ${limit}: ${enough(seeds, validation)}`
}

function enough(seeds: number | null, validation: Validation | null): string {
  if (seeds !== null) return `with this spread ${seeds} seeds would be enough.`
  return validation === null
    ? 'no number of seeds would be enough.'
    : 'no number of seeds would be enough, for the validation set is too small.'
}

function place(
  ours: Summary,
  theirs: Summary,
  tolerance: number,
  better: 'higher' | 'lower',
  { value, size }: Wording,
): [Verdict, string] {
  const difference = ours.mean - theirs.mean
  const pair = `Measured ${value(ours.mean)}, reported ${value(theirs.mean)}`
  const limit = `the tolerance of ${size(tolerance)}`
  if (within(difference, tolerance)) {
    return ['reproduced', `${pair}: ${size(Math.abs(difference))} apart, within ${limit}.`]
  }
  return difference > 0 === (better === 'higher')
    ? ['exceeds', `${pair}: better by ${size(Math.abs(difference))}, more than ${limit}.`]
    : ['falls-short', `${pair}: worse by ${size(Math.abs(difference))}, more than ${limit}.`]
}

function checkFinite(measured: readonly number[]): void {
  const broken = measured.find((value) => !Number.isFinite(value))
  if (broken === undefined) return
  fail('E_INTERNAL', { what: 'A result is not a number.', expected: 'finite values.', received: `${broken}.` })
}
