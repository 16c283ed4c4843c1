import { fail, opt, type Sampler } from '@tricklab/core'
import type { Component } from '@tricklab/core/plugin'

const options = {
  weights: opt.numbers({
    min: 0,
    doc: 'One number for each class, in the order of the classes: how often an image of it is drawn, compared with one of another class.',
  }),
}

/**
 * Draws every sample of an epoch anew, with replacement: P(i) = w(yᵢ) / Σⱼ w(yⱼ). An epoch has as many samples as there are.
 * @differs none from PyTorch's `WeightedRandomSampler` with `num_samples` equal to the size of the dataset
 */
export const weighted = {
  doc: 'Draws images with replacement, those of one class more often than those of another.',
  options,
  create: ({ weights }): Sampler => ({
    size: (available) => available,
    draw({ labels, classes, epoch }, rng) {
      const sums = cumulate(labels, checkWeights(weights, classes))
      const total = sums.at(-1)!
      if (!(total > 0)) refuse(weights, 'a weight above 0 for a class that has images')
      const stream = rng.at('weighted', epoch)
      return Uint32Array.from({ length: labels.length }, () => findAbove(sums, stream.uniform() * total))
    },
  }),
} satisfies Component<'sampler', typeof options>

function checkWeights(weights: readonly number[], classes: readonly string[]): readonly number[] {
  return weights.length === classes.length ? weights : refuse(weights, `${classes.length} weights, one for each class`)
}

function refuse(weights: readonly number[], expected: string): never {
  return fail('E_OPTION_RANGE', {
    what: 'The weights of the sampler "weighted" do not fit the classes.',
    expected: `${expected}.`,
    received: `[${weights.join(', ')}].`,
    fix: 'correct the option "weights".',
  })
}

function cumulate(labels: ArrayLike<number>, weights: readonly number[]): Float64Array {
  const sums = new Float64Array(labels.length)
  let sum = 0
  for (let i = 0; i < labels.length; i++) {
    sum += weights[labels[i]!]!
    sums[i] = sum
  }
  return sums
}

/** The first position whose sum is above the value. */
function findAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
