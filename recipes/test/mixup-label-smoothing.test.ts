/** What no plugin can test alone: the two meet in a recipe. */

import { createRegistry, createRng } from '@tricklab/core'
import { createHooks } from '@tricklab/core/loop'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import labelSmoothing from '@tricklab/plugin-label-smoothing'
import mixup from '@tricklab/plugin-mixup'
import { seeds, targetDistributions } from '@tricklab/testing'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** The targets after both callbacks, in this order of the recipe. */
async function run(names: readonly string[], targets: number[][], seed: number): Promise<number[][]> {
  const registry = createRegistry([mixup, labelSmoothing], { rng: createRng(seed) })
  const hooks = createHooks(
    names.map((name) => {
      const { stage = 'augment' } = registry.component('callback', name)
      const { use } = registry.normalize('callback', name, 'test')
      return { name, stage, callback: registry.create('callback', use, { source: {} as never, metrics: [] }) }
    }),
  )
  expect(hooks.order('beforeBatch')).toEqual(names)
  const after = await hooks.run('beforeBatch', {
    images: tf.zeros([targets.length, 1, 1, 1]),
    targets: tf.tensor2d(targets),
    ...{ size: targets.length, training: true, epoch: 0, index: 0, step: 0 },
  })
  const found = after.targets.arraySync()
  tf.dispose([after.images, after.targets])
  return found
}

test('mixup and label smoothing may come in either order', async () => {
  const batches = fc.integer({ min: 1, max: 6 }).chain((rows) => targetDistributions(rows, 5))
  await fc.assert(
    fc.asyncProperty(batches, seeds, async (targets, seed) => {
      const first = await run(['mixup', 'label-smoothing'], targets, seed)
      const last = await run(['label-smoothing', 'mixup'], targets, seed)
      for (const [n, row] of first.entries()) {
        for (const [k, value] of row.entries()) expect(value).toBeCloseTo(last[n]![k]!, 6)
      }
    }),
    { numRuns: 50 },
  )
})
