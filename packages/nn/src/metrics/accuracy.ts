import { type Metric, opt } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { isShare } from './share.ts'

const options = {
  average: opt.choice(['micro', 'macro'], {
    default: 'micro',
    doc: '`micro` is the share of all samples that are correct; `macro` is the mean of that share over the classes.',
  }),
}

/** Counts by class, all that any average needs. */
interface Counts {
  /** Samples of the class that were recognised. */
  right: number[]
  /** Samples of the class. */
  samples: number[]
  /** Samples taken for the class. */
  guesses: number[]
}

/**
 * Share of samples whose highest score is at the highest target, over all samples of an epoch.
 *
 * `micro = Σ_k right_k / Σ_k samples_k`; `macro = mean_k right_k / samples_k`.
 * @differs none: torchmetrics' MulticlassAccuracy, which leaves out of `macro` a class that is neither among the
 *   targets nor among the guesses, and counts 0 for one that is only guessed.
 */
export function createAccuracy(average: 'micro' | 'macro', classes: number): Metric {
  const empty = (): Counts => ({
    right: Array(classes).fill(0),
    samples: Array(classes).fill(0),
    guesses: Array(classes).fill(0),
  })
  let counts = empty()
  return {
    name: 'accuracy',
    better: 'higher',
    format: { style: 'percent' },
    // The mean over classes depends on how many samples each has.
    possible: average === 'micro' ? isShare : (value) => value >= 0 && value <= 1,
    async update(scores, targets) {
      const indices = tf.tidy(() => tf.stack([tf.argMax(scores, 1), tf.argMax(targets, 1)]))
      const values = await indices.data()
      indices.dispose()
      const size = values.length / 2
      for (let n = 0; n < size; n++) {
        const guess = values[n]!
        const label = values[size + n]!
        // A network may have more outputs than there are classes; such a guess is wrong, and of no class.
        if (guess < classes) counts.guesses[guess]! += 1
        counts.samples[label]! += 1
        if (guess === label) counts.right[label]! += 1
      }
    },
    compute: () => (average === 'micro' ? micro(counts) : macro(counts)),
    reset() {
      counts = empty()
    },
    state: () => ({ ...structuredClone(counts) }),
    restore(state) {
      counts = structuredClone(state) as unknown as Counts
    },
  }
}

function micro({ right, samples }: Counts): number {
  return sum(right) / sum(samples)
}

function macro({ right, samples, guesses }: Counts): number {
  const seen = samples.map((_, k) => k).filter((k) => samples[k]! + guesses[k]! > 0)
  return sum(seen.map((k) => (samples[k] === 0 ? 0 : right[k]! / samples[k]!))) / seen.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export const accuracy: Component<'metric', typeof options> = {
  doc: 'The share of samples that are classified correctly.',
  options,
  create: ({ average }, { classes }) => createAccuracy(average, classes.length),
}
