/** What turns of steps say. */
import { median, type Spread, spreadOf } from '@tricklab/repro'

export { median, type Spread, spreadOf }

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
