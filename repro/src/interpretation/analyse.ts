/** What a network said of one sample of known class. */
export interface ScoredSample {
  /** Index of its class. */
  readonly truth: number
  /** Of every output of the network. In logarithms: float32 rounds small probabilities to 0, and their loss to infinity. */
  readonly logProbabilities: ArrayLike<number>
}

/** How one class fared. */
export interface ClassScores {
  readonly name: string
  /** Samples of the class. */
  readonly samples: number
  /** Samples that were taken for the class. */
  readonly guesses: number
  readonly right: number
  /** right / guesses; null where nothing was taken for the class. */
  readonly precision: number | null
  /** right / samples; null where there is none. */
  readonly recall: number | null
  /** 2 · right / (samples + guesses), the harmonic mean of precision and recall; null where both are 0. */
  readonly f1: number | null
}

/** Samples whose likeliest class is about as probable: how often it was the right one. */
export interface CalibrationBin {
  /** The confidences are above `low`, and at most `high`. */
  readonly low: number
  readonly high: number
  readonly samples: number
  /** Mean probability of the likeliest class; null for an empty bin. */
  readonly confidence: number | null
  /** Share of the samples of which the likeliest class is the right one; null for an empty bin. */
  readonly accuracy: number | null
}

/** A sample by its place in the validation split. */
export interface Mistake {
  readonly index: number
  readonly truth: string
  readonly guess: string
  /** Of the guess. */
  readonly probability: number
  /** Of the true class. */
  readonly truthProbability: number
  /** −log of the true class's probability. */
  readonly loss: number
}

/** What the scores of a split say about a network. */
export interface Analysis {
  readonly samples: number
  readonly accuracy: number
  readonly classes: readonly ClassScores[]
  /** Samples by true class and guess. A last column counts guesses that are no class, where a network has such outputs. */
  readonly confusion: readonly (readonly number[])[]
  readonly bins: readonly CalibrationBin[]
  /** Mean distance of accuracy and confidence over the bins, each weighed by its samples. */
  readonly calibrationError: number
  /** The samples with the greatest loss, the worst first. */
  readonly worst: readonly Mistake[]
}

const binCount = 15

/**
 * Confusion matrix, scores by class, calibration and the worst samples.
 *
 * Expected calibration error `Σ_b n_b / n · |accuracy_b − confidence_b|` over 15 bins of equal width.
 * @paper arXiv:1706.04599
 * @differs none
 */
export function analyse(samples: readonly ScoredSample[], names: readonly string[], worst: number): Analysis {
  const judged = samples.map(({ truth, logProbabilities }, index) => {
    const guess = indexOfLargest(logProbabilities)
    return { index, truth, guess, confidence: Math.exp(logProbabilities[guess]!), own: logProbabilities[truth]! }
  })
  const outside = judged.some(({ guess }) => guess >= names.length) ? 1 : 0
  const confusion = names.map(() => new Array<number>(names.length + outside).fill(0))
  for (const { truth, guess } of judged) confusion[truth]![Math.min(guess, names.length)]! += 1
  const bins = calibrate(judged)
  const total = samples.length
  const errors = bins.map((bin) => (bin.samples / total) * Math.abs((bin.accuracy ?? 0) - (bin.confidence ?? 0)))
  const nameOf = (index: number) => names[index] ?? `output ${index}`
  return {
    samples: total,
    accuracy: judged.filter(({ truth, guess }) => truth === guess).length / total,
    classes: names.map((name, index) => scoresOf(name, index, confusion)),
    confusion,
    bins,
    calibrationError: errors.reduce((sum, error) => sum + error, 0),
    worst: judged
      .toSorted((a, b) => a.own - b.own || a.index - b.index)
      .slice(0, worst)
      .map(({ index, truth, guess, confidence, own }) => ({
        index,
        truth: nameOf(truth),
        guess: nameOf(guess),
        probability: confidence,
        truthProbability: Math.exp(own),
        loss: -own,
      })),
  }
}

function scoresOf(name: string, index: number, confusion: readonly (readonly number[])[]): ClassScores {
  const samples = confusion[index]!.reduce((sum, count) => sum + count, 0)
  const guesses = confusion.reduce((sum, row) => sum + row[index]!, 0)
  const right = confusion[index]![index]!
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  return {
    name,
    samples,
    guesses,
    right,
    precision: share(right, guesses),
    recall: share(right, samples),
    f1: share(2 * right, samples + guesses),
  }
}

function calibrate(judged: readonly { truth: number; guess: number; confidence: number }[]): CalibrationBin[] {
  return Array.from({ length: binCount }, (_, bin) => {
    const [low, high] = [bin / binCount, (bin + 1) / binCount]
    const own = judged.filter(({ confidence }) => binOf(confidence) === bin)
    const mean = (value: (one: (typeof own)[number]) => number) =>
      own.length === 0 ? null : own.reduce((sum, one) => sum + value(one), 0) / own.length
    return {
      low,
      high,
      samples: own.length,
      confidence: mean(({ confidence }) => confidence),
      accuracy: mean(({ truth, guess }) => (truth === guess ? 1 : 0)),
    }
  })
}

/** Float32 may round a probability to a little above 1. */
const binOf = (confidence: number) => Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))

function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index
  return best
}
