import type { Verdict } from '../record/types.ts'
import { within } from '../verdict/judge.ts'
import type { MeasuredRow } from './types.ts'

export interface Claim extends Omit<MeasuredRow, 'verdict' | 'note'> {
  /** Less cost than documented exceeds the claim; null where only the number itself is claimed. */
  readonly better: 'lower' | 'higher' | null
  readonly partial: boolean
  readonly remark: string | undefined
}

/**
 * The verdict on a measured number: `partial` where rows were left out, `measured` where nothing is documented,
 * `inconclusive` where the interval reaches further from the number than the tolerance, else by the distance. Where the
 * claim has no better side, `falls-short` is what differs either way.
 */
export function judgeClaim({ better, partial, remark, ...row }: Claim): MeasuredRow {
  const [verdict, reason] = verdictOf({ ...row, better, partial })
  return { ...row, verdict, note: remark === undefined ? reason : `${reason} ${remark}` }
}

function verdictOf(claim: Omit<Claim, 'remark'>): [Verdict, string] {
  const { reported, measured, interval, tolerance, better, partial } = claim
  if (partial) return ['partial', 'Rows were left out, so there is no verdict.']
  if (measured === null) return ['inconclusive', 'It was not measured.']
  if (reported === null) return ['measured', 'The source documents no value for this row.']
  const reach = interval === null ? 0 : Math.max(interval.high - measured, measured - interval.low)
  const show = (value: number) => value.toFixed(3)
  if (!within(reach, tolerance)) {
    return [
      'inconclusive',
      `Known to ±${show(reach)}, too coarse for a tolerance of ${show(tolerance)}: take more turns.`,
    ]
  }
  const difference = measured - reported
  const distance = `${show(Math.abs(difference))} apart`
  if (within(difference, tolerance)) return ['reproduced', `${distance}, within the tolerance of ${show(tolerance)}.`]
  const exceeds = better !== null && difference > 0 === (better === 'higher')
  return [exceeds ? 'exceeds' : 'falls-short', `${distance}, more than the tolerance of ${show(tolerance)}.`]
}
