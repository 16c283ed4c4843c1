import { createRng, type Stream } from '@tricklab/core'
import { describe, expect, test } from 'vitest'
import { differenceInterval, meanHalfWidth, samplingVariance, summarize, type Validation } from './index.ts'

/** Successes of `count` trials: by the normal distribution where that is as good. */
function binomial(count: number, share: number, stream: Stream): number {
  const variance = count * share * (1 - share)
  if (variance > 4) return Math.round(count * share + Math.sqrt(variance) * stream.normal())
  let successes = 0
  for (let index = 0; index < count; index++) if (stream.uniform() < share) successes++
  return successes
}

interface Design {
  readonly samples: number
  readonly seeds: number
  /** Share of the validation samples that all runs judge alike: the correlation of two runs. */
  readonly agreement: number
  /** Seeds draw a validation set each. */
  readonly ownSamples?: boolean
  /** Standard deviation of what the runs are truly worth. */
  readonly spread?: number
}

/** Accuracies of runs of one recipe. */
function drawRuns(n: number, share: number, design: Design, stream: Stream): number[] {
  const { samples, agreement, ownSamples = false, spread = 0 } = design
  const settled = ownSamples ? 0 : binomial(samples, agreement, stream)
  const common = binomial(settled, share, stream)
  return Array.from({ length: n }, () => {
    const worth = Math.min(1, Math.max(0, share + spread * stream.normal()))
    return (common + binomial(samples - settled, worth, stream)) / samples
  })
}

/** Share of the intervals that hold the true difference, where the source validated with other samples than we. */
function coverage(design: Design, reportedRuns: number, trials = 1500): number {
  const stream = createRng(16).at('coverage', design.samples, design.seeds, reportedRuns)
  const validation: Validation = { samples: design.samples, shared: design.ownSamples !== true }
  let covered = 0
  for (let trial = 0; trial < trials; trial++) {
    const ours = summarize(drawRuns(design.seeds, 0.85, design, stream))
    const theirs = summarize(drawRuns(reportedRuns, 0.8, design, stream))
    const { interval } = differenceInterval(ours, theirs, validation)
    if (interval!.low <= 0.05 && interval!.high >= 0.05) covered++
  }
  return covered / trials
}

const designs = [36, 200, 4000].flatMap((samples) => [2, 3, 5, 10].map((seeds) => ({ samples, seeds })))

describe('intervals of 95 % hold the true difference in 93 to 97 of 100 cases', () => {
  test.each(designs)('$seeds seeds on $samples shared samples, as many documented runs', ({ samples, seeds }) => {
    for (const agreement of [0.75, 1]) {
      const covered = coverage({ samples, seeds, agreement }, seeds)
      expect(covered, `agreement ${agreement}`).toBeGreaterThanOrEqual(0.93)
      expect(covered, `agreement ${agreement}`).toBeLessThanOrEqual(0.97)
    }
  })

  test.each(designs)('$seeds seeds on $samples shared samples, one documented run', ({ samples, seeds }) => {
    const covered = coverage({ samples, seeds, agreement: 0.75 }, 1)
    expect(covered).toBeGreaterThanOrEqual(0.93)
    expect(covered).toBeLessThanOrEqual(0.97)
  })
})

test('where both sides validate with the same samples the interval is at least as wide as it must be', () => {
  const stream = createRng(16).at('same')
  for (const samples of [36, 4000]) {
    let covered = 0
    for (let trial = 0; trial < 1000; trial++) {
      const runs = drawRuns(6, 0.85, { samples, seeds: 6, agreement: 0.6, spread: 0.004 }, stream)
      const validation = { samples, shared: true }
      const { interval } = differenceInterval(summarize(runs.slice(0, 3)), summarize(runs.slice(3)), validation)
      if (interval!.low <= 0 && interval!.high >= 0) covered++
    }
    expect(covered / 1000).toBeGreaterThan(0.95)
  }
})

test('equal seeds do not make a small validation set exact, whatever their number', () => {
  const shared = { samples: 36, shared: true }
  const [two, ten] = [2, 10].map((n) => summarize(Array(n).fill(34 / 36)))
  // python3: p = 35 / 38; statistics.NormalDist().inv_cdf(.975) * math.sqrt(p * (1 - p) / 38)
  expect(meanHalfWidth(two!, shared)).toBeCloseTo(0.0857368, 6)
  expect(meanHalfWidth(ten!, shared)).toBe(meanHalfWidth(two!, shared))
  expect(meanHalfWidth(ten!, { ...shared, shared: false })!).toBeCloseTo(0.0857368 / Math.sqrt(10), 6)
  const { interval } = differenceInterval(two!, summarize([1]), shared)
  expect(interval!.high - interval!.low).toBeGreaterThan(0.17)
})

test('a validation set on which all is right has an error too', () => {
  expect(samplingVariance(1, 36)).toBeCloseTo(((37 / 38) * (1 / 38)) / 38, 12)
  expect(samplingVariance(1, 36)).toBeGreaterThan(1 / (12 * 36 ** 2))
})

test('a spread that is as wide as the samples explain gives the interval of Welch alone', () => {
  const [a, b] = [summarize([0.7, 0.8, 0.9]), summarize([0.5, 0.6, 0.75])]
  expect(differenceInterval(a, b, { samples: 4000, shared: true })).toEqual(differenceInterval(a, b))
})

test('there is no jump where the seeds vary as much as the samples explain', () => {
  const floor = samplingVariance(0.9, 10_000)
  const half = (factor: number) =>
    meanHalfWidth({ mean: 0.9, sd: Math.sqrt(factor * floor), n: 5 }, { samples: 10_000, shared: true })!
  expect(half(0.9999) / half(1.0001)).toBeCloseTo(1, 2)
})
