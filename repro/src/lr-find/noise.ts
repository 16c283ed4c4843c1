import { median } from '../statistics/index.ts'
import { counted, type RatePoint } from './suggest.ts'

/**
 * Times the noise that a fall must have. The running loss of 100 to 500 steps of pure noise falls by this much in fewer
 * than one search of fifty; where the batch losses fall by six times their deviation, it does in nearly all.
 */
const timesNoise = 30

/** Of a normal distribution, the deviation is the median of absolute values over this. */
const medianOverDeviation = 0.6745

/**
 * Whether the running loss of a search falls by more than its noise makes it fall. The noise is told from second
 * differences, in which slow changes of the loss cancel.
 */
export function fallsBeyondNoise(points: readonly RatePoint[], steps: number): boolean {
  const losses = counted(points, steps).map(({ loss }) => loss)
  let highest = Number.NEGATIVE_INFINITY
  let fall = 0
  for (const loss of losses) {
    highest = Math.max(highest, loss)
    fall = Math.max(fall, highest - loss)
  }
  const bends = losses.slice(2).map((loss, index) => Math.abs(loss - 2 * losses[index + 1]! + losses[index]!))
  if (bends.length === 0) return false
  const noise = median(bends) / (Math.SQRT2 * medianOverDeviation)
  return fall > 0 && fall > timesNoise * noise
}
