import { createRegistry } from '@tricklab/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import earlyStop from '../src/index.ts'

const accuracy = { name: 'accuracy', better: 'higher' } as const

/** Epochs of a training whose validation gives these scores, and why it ended. */
async function train(options: object, scores: readonly number[]) {
  const registry = createRegistry([earlyStop])
  const { use } = registry.normalize('callback', { use: 'early-stop', ...options }, 'test')
  const callback = registry.create('callback', use, { source: {} as never, metrics: [accuracy] })
  for (const [epoch, score] of scores.entries()) {
    const valid = { loss: score, accuracy: score }
    const answer = await callback.afterEpoch!({ epoch, step: 10 * epoch, train: valid, valid })
    if (answer !== undefined) return { epochs: epoch + 1, reason: answer.stop }
  }
  return { epochs: scores.length, reason: undefined }
}

describe('early stopping', () => {
  test.each([
    [{ patience: 2 }, [3, 2, 2.5, 2.1, 1], 4, 'loss has not been better than 2 for 2 epochs'],
    [{ patience: 2 }, [3, 2, 2.5, 1.9, 1.95, 1], 6, undefined],
    // Equal is no better.
    [{ patience: 1 }, [3, 3], 2, 'loss has not been better than 3 for 1 epoch'],
    [{ patience: 2, minDelta: 0.5 }, [3, 2.6, 2.5, 2.4], 3, 'loss has not been better than 3 for 2 epochs'],
    // Small steps that add up are a gain over the best.
    [{ patience: 2, minDelta: 0.5 }, [3, 2.6, 2.4, 2.2], 4, undefined],
    [
      { metric: 'accuracy', patience: 2 },
      [0.5, 0.6, 0.55, 0.6],
      4,
      'accuracy has not been better than 0.6 for 2 epochs',
    ],
    [{ metric: 'accuracy', patience: 2 }, [0.5, 0.6, 0.7, 0.8], 4, undefined],
  ])('%j: %j', async (options, scores, epochs, reason) => {
    expect(await train(options, scores)).toEqual({ epochs, reason })
  })

  test('ends exactly where the best of the last `patience` epochs is no better than the best before', async () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(scores, fc.integer({ min: 1, max: 6 }), async (losses, patience) => {
        const ends = (epoch: number) =>
          epoch >= patience &&
          Math.min(...losses.slice(epoch - patience + 1, epoch + 1)) >=
            Math.min(...losses.slice(0, epoch - patience + 1))
        const first = losses.findIndex((_, epoch) => ends(epoch))
        const found = await train({ patience }, losses)
        expect(found.epochs).toBe(first < 0 ? losses.length : first + 1)
      }),
    )
  })

  test('refuses a score that the row does not have, before anything is trained', async () => {
    await expect(train({ metric: 'acuracy' }, [1])).rejects.toThrow(
      /^\[E_EARLY_STOP_METRIC\] callback "early-stop" watches the score "acuracy", which.*did you mean "accuracy"\?/,
    )
  })
})
