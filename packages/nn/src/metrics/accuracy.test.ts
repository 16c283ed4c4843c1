import { createRegistry } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readGolden } from '../../test/helpers.ts'
import { nn } from '../index.ts'
import { createAccuracy } from './accuracy.ts'

interface Case {
  average: 'micro' | 'macro'
  classes: number
  batches: [guesses: number[], labels: number[]][]
  value: number
}

beforeAll(async () => {
  await prepareEngine('cpu')
})

async function update(metric: ReturnType<typeof createAccuracy>, guesses: number[], labels: number[], classes: number) {
  const [scores, targets] = [guesses, labels].map((indices) =>
    tf.tidy(() => tf.cast(tf.oneHot(indices, classes), 'float32')),
  ) as [tf.Tensor2D, tf.Tensor2D]
  const done = metric.update(scores, targets)
  // The loop may dispose of both while the metric still reads.
  tf.dispose([scores, targets])
  await done
}

describe('as torchmetrics', () => {
  test.each(readGolden<{ accuracy: Case[] }>('layers').accuracy)('$average over $batches', async (golden) => {
    const before = tf.memory().numTensors
    const metric = createAccuracy(golden.average, golden.classes)
    for (const [guesses, labels] of golden.batches) await update(metric, guesses, labels, golden.classes)
    expect(metric.compute()).toBeCloseTo(golden.value, 6)
    expect(tf.memory().numTensors).toBe(before)
  })
})

const samples = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 30 })

test.each(['micro', 'macro'] as const)('%s does not depend on how samples are batched', async (average) => {
  await fc.assert(
    fc.asyncProperty(samples, fc.nat(), async (pairs, cut) => {
      const whole = createAccuracy(average, 4)
      const parts = createAccuracy(average, 4)
      const middle = cut % pairs.length
      for (const [metric, batches] of [
        [whole, [pairs]],
        [parts, [pairs.slice(0, middle), pairs.slice(middle)]],
      ] as const) {
        for (const batch of batches.filter((some) => some.length > 0)) {
          const guesses = batch.map(([guess]) => guess)
          const labels = batch.map(([, label]) => label)
          await update(metric, guesses, labels, 4)
        }
      }
      expect(parts.compute()).toBe(whole.compute())
    }),
    { numRuns: 30 },
  )
})

test('micro is the share that is right; equal classes make macro the same', async () => {
  const micro = createAccuracy('micro', 2)
  const macro = createAccuracy('macro', 2)
  for (const metric of [micro, macro]) await update(metric, [0, 1, 1, 1], [0, 0, 1, 1], 2)
  expect(micro.compute()).toBe(0.75)
  expect(macro.compute()).toBe(0.75)
})

test('a restored state goes on where it stopped; reset forgets', async () => {
  const first = createAccuracy('macro', 3)
  await update(first, [0, 1, 2], [0, 1, 1], 3)
  const second = createAccuracy('macro', 3)
  second.restore(JSON.parse(JSON.stringify(first.state())))
  for (const metric of [first, second]) await update(metric, [2, 2], [2, 0], 3)
  expect(second.compute()).toBe(first.compute())
  expect(second.state()).toEqual(first.state())
  second.reset()
  await update(second, [0], [0], 3)
  expect(second.compute()).toBe(1)
})

test('a guess beyond the classes is wrong, and of no class', async () => {
  for (const average of ['micro', 'macro'] as const) {
    const metric = createAccuracy(average, 2)
    // Scores and targets are three wide, the dataset has two classes.
    await update(metric, [0, 2, 1, 1], [0, 0, 1, 1], 3)
    expect(metric.compute()).toBe(0.75)
    expect(metric.state()).toEqual({ right: [1, 2], samples: [2, 2], guesses: [1, 2] })
  }
})

test('as many scores as there are classes say nothing, and are refused', () => {
  const registry = createRegistry([nn])
  const make = (k: number) => registry.create('metric', { use: 'top-k-accuracy', k }, { classes: ['a', 'b', 'c'] })
  expect(make(2).name).toBe('top2-accuracy')
  for (const k of [3, 50]) expect(() => make(k)).toThrow('E_OPTION_RANGE')
})
