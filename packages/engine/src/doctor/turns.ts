/** Turns of every engine: enough for a median that one disturbance does not move. */
const turns = 5

/** Takes one turn; undefined when it cannot any more. @unit milliseconds */
export type TakeTurn = () => Promise<number | undefined>

export interface Timed {
  /** Median of the turns. */
  readonly stepMs: number | undefined
  /** Fastest and slowest turn. */
  readonly stepRangeMs: readonly [number, number] | undefined
}

/**
 * Times engines in turns, A B C A B C …: what slows the machine down for a while slows all of them, and the engine that was
 * measured meanwhile does not look slower than the others.
 */
export async function timeInTurns(engines: readonly TakeTurn[]): Promise<Timed[]> {
  const times = engines.map((): number[] => [])
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, takeTurn] of engines.entries()) {
      const time = await takeTurn()
      if (time !== undefined) times[index]!.push(time)
    }
  }
  return times.map((own) =>
    own.length === 0
      ? { stepMs: undefined, stepRangeMs: undefined }
      : { stepMs: median(own), stepRangeMs: [Math.min(...own), Math.max(...own)] },
  )
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
