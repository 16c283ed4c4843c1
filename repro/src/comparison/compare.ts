import { fail } from '@tricklab/core'
import type { MetricTraits } from '@tricklab/core/recipe'
import { formatSeeds } from '../format.ts'
import { metricOf } from '../record/metrics.ts'
import {
  type Equivalence,
  equivalenceOf,
  type Interval,
  intervalOf,
  pairedOf,
  type Summary,
  studentCdf,
  studentQuantile,
  summarize,
  welchOf,
} from '../statistics/index.ts'
import type { Side } from './side.ts'

export interface ComparisonOptions {
  /** Default: the metric that the first side is judged by, or accuracy. */
  readonly metric?: string | undefined
  /** Largest difference that counts as none, in units of the metric. */
  readonly margin: number
  /**
   * Compares seed by seed, on the seeds that both sides have: for trainings that share initial weights and batches. What
   * a seed alone makes better or worse then cancels out.
   */
  readonly paired?: boolean | undefined
}

/** Two sets of trainings set against each other, on the validation images that they were scored on. */
export interface Comparison {
  readonly metric: MetricTraits
  readonly sides: readonly [ComparedSide, ComparedSide]
  /** Whether it compares seed by seed. */
  readonly paired: boolean
  /** Mean of the first − mean of the second. */
  readonly difference: number
  /** 95 % interval of the difference, after Welch or of the pairs; null where nothing spreads. */
  readonly interval: Interval | null
  /** One-sided t test of "the first is not worse than the second", Welch's or of the pairs. */
  readonly worseP: number | null
  readonly equivalence: Equivalence | null
  /** Smallest true difference that so many seeds of such a spread find with a chance of 80 % (two-sided, 5 %). */
  readonly detectable: number | null
  /** `worse`: p < 0.05; `equivalent` within the margin: p < 0.05; else `open`. */
  readonly outcome: 'worse' | 'equivalent' | 'open'
  /** What keeps the two from being trainings of one recipe on the same images. */
  readonly caveats: readonly string[]
}

export interface ComparedSide extends Summary {
  readonly name: string
  readonly seeds: readonly number[]
  readonly values: readonly number[]
}

/**
 * Sets the results of the first side against those of the second, the reference. Both count as given: the interval is
 * about these validation images.
 * @errors E_ARGUMENT for a metric that a side lacks, or sides of different validation sets
 */
export function compareSides(first: Side, second: Side, options: ComparisonOptions): Comparison {
  const { metric: name, margin, paired = false } = options
  const metric = traitsOf(name ?? first.judged ?? second.judged ?? 'accuracy', first, second)
  if (first.valid !== undefined && second.valid !== undefined && first.valid !== second.valid) {
    fail('E_ARGUMENT', {
      what: 'The two sides were scored on different validation images.',
      expected: `${second.valid} images, as ${second.name}.`,
      received: `${first.valid} images in ${first.name}.`,
      fix: 'compare runs of one table.',
    })
  }
  const common = paired ? commonSeeds(first, second) : undefined
  const [ours, theirs] = [first, second].map((side) => valuesOf(side, metric.name, common)) as [
    ComparedSide,
    ComparedSide,
  ]
  const test = paired
    ? pairedOf(ours.values.map((value, index) => value - theirs.values[index]!))
    : welchOf(ours, theirs)
  const tested = test === null || test.error === 0 ? null : test
  const difference = ours.mean - theirs.mean
  const gain = metric.better === 'higher' ? difference : -difference
  const worseP = tested && studentCdf(gain / tested.error, tested.df)
  const equal = equivalenceOf(tested, margin)
  return {
    metric,
    sides: [ours, theirs],
    paired,
    difference,
    interval: tested && intervalOf(tested),
    worseP,
    equivalence: equal,
    detectable: tested && (studentQuantile(0.975, tested.df) + studentQuantile(0.8, tested.df)) * tested.error,
    outcome: worseP !== null && worseP < 0.05 ? 'worse' : equal !== null && equal.p < 0.05 ? 'equivalent' : 'open',
    caveats: caveats(first, second),
  }
}

function traitsOf(name: string, first: Side, second: Side): MetricTraits {
  for (const side of [first, second]) {
    const [scores] = side.scores.values()
    if (name in scores!) continue
    fail('E_ARGUMENT', {
      what: `${side.name} has no score "${name}".`,
      expected: `${Object.keys(scores!).join(', ')}.`,
      received: `"${name}".`,
      fix: 'name another score with --metric.',
    })
  }
  return first.metric(name) ?? second.metric(name) ?? metricOf({}, name)
}

function commonSeeds(first: Side, second: Side): ReadonlySet<number> {
  const common = new Set([...first.scores.keys()].filter((seed) => second.scores.has(seed)))
  if (common.size > 0) return common
  return fail('E_ARGUMENT', {
    what: 'The two sides have no seed in common, so there are no pairs.',
    expected: `one of the seeds ${formatSeeds([...second.scores.keys()])}, as ${second.name}.`,
    received: `the seeds ${formatSeeds([...first.scores.keys()])} in ${first.name}.`,
    fix: 'train the same seeds on both sides, or compare without --paired.',
  })
}

/** The values of a side, by seed; of `only` these seeds. */
function valuesOf({ name, scores }: Side, metric: string, only?: ReadonlySet<number>): ComparedSide {
  const seeds = [...scores.keys()].filter((seed) => only?.has(seed) ?? true).sort((a, b) => a - b)
  const values = seeds.map((seed) => scores.get(seed)![metric]!)
  return { name, seeds, values, ...summarize(values) }
}

function caveats({ recipe: ours }: Side, { recipe: theirs }: Side): string[] {
  if (ours === undefined || theirs === undefined) return []
  return [
    ...(ours.hash === theirs.hash ? [] : ['The two sides are trainings of different recipes.']),
    ...(ours.digest === theirs.digest ? [] : ['The two sides were trained on different images.']),
  ]
}
