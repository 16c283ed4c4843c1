export { type Equivalence, equivalence, equivalenceOf } from './equivalence.ts'
export { holm } from './holm.ts'
export { fitPowerLaw, type PowerLaw } from './log-log-fit.ts'
export { mostPairs, type PairedDifference, pairedDifference, pairedOf, signFlipP } from './paired.ts'
export { median, type Spread, spreadOf } from './spread.ts'
export { normal975, studentCdf, studentQuantile } from './student-t.ts'
export { mean, type Summary, sampleSd, standardError, summarize } from './summary.ts'
export { floorOf, meanHalfWidth, samplingVariance, type Validation } from './validation.ts'
export {
  differenceInterval,
  halfWidth,
  type Interval,
  intervalOf,
  seedsFor,
  welchOf,
} from './welch.ts'
