/** A learning rate and the running loss after the step with it. */
export interface RatePoint {
  readonly rate: number
  readonly loss: number
}

/** Learning rates that a search suggests, by fastai's three rules; null where there are too few points. */
export interface RateSuggestions {
  /** Two thirds into the longest stretch over which the loss falls. */
  readonly valley: number
  /** Where the loss falls most steeply over the logarithm of the rate. */
  readonly steep: number
  /** A tenth of the rate with the smallest loss. */
  readonly minimum: number
}

/** Fewest points that a slope and a valley can be told from. */
const fewest = 3

/**
 * What fastai's `lr_find` suggests. The first tenth of the search and its last five points do not count: the loss has
 * not settled yet, or is leaving.
 * @param steps how many points the search was to have; it may have stopped sooner
 * @differs none; the rates are exact where fastai's are rounded to float32
 */
export function suggestRates(points: readonly RatePoint[], steps: number): RateSuggestions | null {
  const kept = counted(points, steps)
  if (kept.length < fewest) return null
  return { valley: findValley(kept), steep: findSteepest(kept), minimum: findLowest(kept).rate / 10 }
}

/** The points of a search that count. */
export const counted = (points: readonly RatePoint[], steps: number): readonly RatePoint[] =>
  points.slice(Math.floor(steps / 10), -5)

/**
 * The longest falling subsequence of losses, which need not be next to each other, ends somewhere; it is taken to be as
 * many points wide as it has members, and the suggestion lies in its second half.
 */
function findValley(points: readonly RatePoint[]): number {
  const lengths: number[] = []
  let end = 0
  for (const [i, { loss }] of points.entries()) {
    const before = points.slice(0, i).map((point, j) => (loss < point.loss ? lengths[j]! : 0))
    lengths[i] = 1 + Math.max(0, ...before)
    if (lengths[i] > lengths[end]!) end = i
  }
  // A curve that never falls has no valley: fastai then takes the first point.
  const start = lengths[end]! === 1 ? 0 : end - lengths[end]!
  const third = (end - start) / 3
  const index = start + Math.trunc(third) + Math.trunc(third / 2)
  return points.at(index)!.rate
}

function findSteepest(points: readonly RatePoint[]): number {
  const slopes = points.slice(1).map(({ rate, loss }, index) => {
    const before = points[index]!
    return (loss - before.loss) / (Math.log(rate) - Math.log(before.rate))
  })
  return points[slopes.indexOf(Math.min(...slopes))]!.rate
}

function findLowest(points: readonly RatePoint[]): RatePoint {
  return points.reduce((lowest, point) => (point.loss < lowest.loss ? point : lowest))
}
