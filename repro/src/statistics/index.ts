export { mostPairs, type PairedDifference, pairedDifference, signFlipP } from './paired.ts'
export { normal975, studentCdf, studentQuantile } from './student-t.ts'
export { mean, type Summary, sampleSd, standardError, summarize } from './summary.ts'
export { differenceInterval, halfWidth, type Interval, seedsFor } from './welch.ts'
