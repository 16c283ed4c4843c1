/** What a measurement in turns says: medians and ranges, never means, which one disturbed step would move. */

/** A median with the smallest and the largest of the values that it stands for. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
}

/** Median and range of values. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** Spread of the medians of turns; a turn is the times of its steps. @unit as the times */
export function spreadOfTurns(turns: readonly (readonly number[])[]): Spread {
  return spreadOf(turns.map(median))
}

/** The same turned over, such as images a second from milliseconds a step: the fastest becomes the largest. */
export function invertSpread({ median: middle, min, max }: Spread, of = 1): Spread {
  return { median: of / middle, min: of / max, max: of / min }
}

/**
 * How many times longer the peer takes: `median of its turn / median of our turn`, for each pair of turns that
 * followed one another. Pairs share the machine's mood of their moment, so their ratio is steadier than that of totals.
 * @throws RangeError when the numbers of turns differ
 */
export function pairedRatios(
  ours: readonly (readonly number[])[],
  peer: readonly (readonly number[])[],
): { readonly turns: readonly number[] } & Spread {
  if (ours.length !== peer.length) throw new RangeError(`${ours.length} turns cannot pair with ${peer.length}`)
  const turns = ours.map((turn, index) => median(peer[index]!) / median(turn))
  return { turns, ...spreadOf(turns) }
}
