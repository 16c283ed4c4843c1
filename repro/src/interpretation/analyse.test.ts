import { expect, test } from 'vitest'
import { analyse } from './analyse.ts'

const scored = (truth: number, ...probabilities: number[]) => ({ truth, logProbabilities: probabilities.map(Math.log) })

const samples = [
  scored(0, 0.7, 0.2, 0.1),
  scored(0, 0.25, 0.7, 0.05),
  scored(1, 0.1, 0.9, 0),
  scored(1, 0.1, 0.9, 0),
  scored(2, 0.5, 0.45, 0.05),
]
const names = ['cat', 'dog', 'bird']

test('confusion matrix, precision, recall and F1, as sklearn counts them', () => {
  const { confusion, classes, accuracy } = analyse(samples, names, 2)
  expect(confusion).toEqual([
    [1, 1, 0],
    [0, 2, 0],
    [1, 0, 0],
  ])
  expect(accuracy).toBe(3 / 5)
  expect(classes).toEqual([
    { name: 'cat', samples: 2, guesses: 2, right: 1, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
    { name: 'dog', samples: 2, guesses: 3, right: 2, precision: 2 / 3, recall: 1, f1: 4 / 5 },
    { name: 'bird', samples: 1, guesses: 0, right: 0, precision: null, recall: 0, f1: 0 },
  ])
})

test('the expected calibration error weighs the distance of each bin by its samples', () => {
  const { bins, calibrationError } = analyse(samples, names, 2)
  // Bins of 1/15: two samples at 0.7, one of them right; two at 0.9, both right; one at 0.5, wrong.
  expect(bins.filter((bin) => bin.samples > 0).map((bin) => [bin.samples, bin.accuracy])).toEqual([
    [1, 0],
    [2, 0.5],
    [2, 1],
  ])
  expect(calibrationError).toBeCloseTo((1 * 0.5 + 2 * 0.2 + 2 * 0.1) / 5, 12)
  expect(bins.find((bin) => bin.samples === 0)).toMatchObject({ confidence: null, accuracy: null })
  // The edges belong to the bin below them, and 1 to the last.
  const certain = analyse([scored(0, 1, 0)], ['a', 'b'], 0)
  expect(certain.bins[14]!.samples).toBe(1)
  expect(certain.calibrationError).toBe(0)
})

test('the worst samples are those with the greatest loss', () => {
  const { worst } = analyse(samples, names, 2)
  expect(worst.map(({ index, truth, guess }) => [index, truth, guess])).toEqual([
    [4, 'bird', 'cat'],
    [1, 'cat', 'dog'],
  ])
  expect(worst[0]!.loss).toBeCloseTo(-Math.log(0.05), 12)
  expect(worst[1]!.probability).toBeCloseTo(0.7, 12)
  expect(worst[1]!.truthProbability).toBeCloseTo(0.25, 12)
  // A probability that float32 would round to 0 has a finite loss.
  const [far] = analyse([{ truth: 0, logProbabilities: [-200, 0] }], ['a', 'b'], 1).worst
  expect(far).toMatchObject({ guess: 'b', loss: 200 })
})

test('a guess that is no class has a column of its own', () => {
  const { confusion, classes, accuracy } = analyse([scored(1, 0.1, 0.2, 0.3, 0.4)], ['a', 'b'], 1)
  expect(confusion).toEqual([
    [0, 0, 0],
    [0, 0, 1],
  ])
  expect([accuracy, classes[0]!.recall, classes[1]!.recall]).toEqual([0, null, 0])
})
