import { fail } from '@tricklab/core'
import { formatSize, formatValue } from './format.ts'
import type { Reported, Verdict } from './record/types.ts'
import {
  differenceInterval,
  halfWidth,
  type Interval,
  normal975,
  type Summary,
  seedsFor,
  summarize,
} from './statistics/index.ts'

export interface JudgeInput {
  readonly reported: Reported | null
  /** Results of the finished seeds. */
  readonly measured: readonly number[]
  /** Largest accepted distance between the two means, in units of the metric. */
  readonly tolerance: number | null
  /** The run was shortened. */
  readonly partial: boolean
  /** Which values of the metric are good ones. */
  readonly better: 'higher' | 'lower'
  /** Name of the metric, for the wording only. Default: the one that `reported` names. */
  readonly metric?: string
}

export interface Judgement {
  readonly verdict: Verdict
  /** Measured mean − reported mean; null when one of them is missing or the run was shortened. */
  readonly difference: number | null
  /** 95 % interval of the difference (Welch); null when there is no spread to make one of. */
  readonly interval: Interval | null
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

/** Which values of a metric are good ones: what the record says, else lower for a loss and higher for all else. */
export function betterOf(reported: Reported | null, metric: string): 'higher' | 'lower' {
  return reported?.better ?? (metric === 'loss' || metric.endsWith('-loss') ? 'lower' : 'higher')
}

/**
 * Compares measured values with documented ones.
 *
 * In this order: `partial` when the run was shortened; `measured` when nothing is documented to compare with;
 * `inconclusive` when the seeds are too few for the tolerance, that is when the 95 % half-width of the measured mean is
 * larger than it; then `reproduced` when |measured − reported| ≤ tolerance, else `exceeds` or `falls-short`.
 */
export function judge(input: JudgeInput): Judgement {
  const { measured, tolerance } = input
  checkFinite(measured)
  const ours = summarize(measured)
  const theirs = reportedSummary(input.reported)
  // A shortened run says nothing about the documented value, so they are not set against each other.
  const compared = theirs === null || ours.n === 0 || input.partial ? null : compare(ours, theirs)
  const result = (verdict: Verdict, sentence: string): Judgement => ({
    verdict,
    difference: compared?.difference ?? null,
    interval: compared?.interval ?? null,
    note: [sentence, ...(compared?.note ? [compared.note] : [])].join(' '),
  })

  if (input.partial) return result('partial', 'The run was shortened, so it has no verdict.')
  if (theirs === null) return result('measured', 'The source documents no value for this row.')
  if (tolerance === null) return result('measured', 'The row declares no tolerance to judge by.')
  if (compared === null) return result('inconclusive', 'No seed has finished.')

  const words = wording(input.metric ?? input.reported?.metric ?? '')
  const doubt = tooFewSeeds(ours, theirs, tolerance, words)
  if (doubt !== null) return result('inconclusive', doubt)
  return result(...place(ours, theirs, tolerance, input.better, words))
}

/** Exit code of a set of rows: 1 when one falls short, else 0. */
export function exitCodeOf(rows: readonly { readonly verdict: Verdict }[]): 0 | 1 {
  return rows.some(({ verdict }) => verdict === 'falls-short') ? 1 : 0
}

/** True when a distance is within the tolerance; 0.895 and 0.885 are 0.01 apart, whatever binary fractions say. */
export function within(distance: number, tolerance: number): boolean {
  return Math.abs(distance) <= tolerance * (1 + 1e-9) + 1e-12
}

function compare(ours: Summary, theirs: Summary) {
  return { difference: ours.mean - theirs.mean, ...differenceInterval(ours, theirs) }
}

type Wording = ReturnType<typeof wording>

function wording(metric: string) {
  return {
    value: (value: number) => formatValue(metric, value),
    size: (size: number) => formatSize(metric, size),
  }
}

/** Why the measured mean is not known well enough for the tolerance; null when it is. */
function tooFewSeeds(ours: Summary, theirs: Summary, tolerance: number, { size }: Wording): string | null {
  if (ours.sd !== null) {
    const half = halfWidth(ours.sd, ours.n)
    if (within(half, tolerance)) return null
    const enough = `with this spread ${seedsInWords(seedsFor(ours.sd, tolerance))}.`
    return `The mean of ${ours.n} seeds is known to ±${size(half)}, too coarse for a tolerance of ${size(tolerance)}: ${enough}`
  }
  if (theirs.sd === null || theirs.n < 2) {
    return 'One seed has no spread and the source gives none: at least one more seed is needed (2 in all).'
  }
  const half = normal975 * theirs.sd
  if (within(half, tolerance)) return null
  const enough = `with that spread ${seedsInWords(seedsFor(theirs.sd, tolerance))}.`
  return `One seed is known to ±${size(half)} by the spread of the source, too coarse for a tolerance of ${size(tolerance)}: ${enough}`
}

function seedsInWords(seeds: number | null): string {
  return seeds === null ? 'no number of seeds would be enough' : `${seeds} seeds would be enough`
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
