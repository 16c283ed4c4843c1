import { readFileSync } from 'node:fs'
import type { Batch } from '@tricklab/core'
import { createRegistry, createRng, definePlugin, formatOptionTable } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { callbackContract } from '@tricklab/testing'
import { expect, test } from 'vitest'
import mixChoice from '../src/index.ts'

/** Stand for mixup and CutMix: each leaves another mark on images, and targets as they are. */
const marks = definePlugin({
  name: 'marks',
  core: '*',
  register: (on) =>
    [['mixup', 2] as const, ['cutmix', 3] as const, ['nothing', 1] as const].map(([name, factor]) =>
      on.callback(name, {
        doc: 'Multiplies images.',
        stage: 'target',
        options: {},
        create: () => ({
          beforeBatch: (batch) => (factor === 1 ? undefined : { ...batch, images: tf.mul(batch.images, factor) }),
          ...(factor === 1 ? { afterEpoch: () => undefined } : {}),
        }),
      }),
    ),
})

callbackContract({
  plugin: mixChoice,
  with: [marks],
  name: 'mix-choice',
  options: [{}, { chance: 0, second: 'mixup' }],
})

test('the README shows the options as they are', () => {
  const { options } = createRegistry([mixChoice]).component('callback', 'mix-choice')
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(formatOptionTable(options))
})

const context = { source: {} as never, metrics: [] }

test('draws the second by its chance, anew for each batch and seed, and leaves validation alone', async () => {
  const run = async (seed: number, chance: number, training = true) => {
    const registry = createRegistry([marks, mixChoice], { rng: createRng(seed) })
    const { use } = registry.normalize('callback', { use: 'mix-choice', chance } as never, 'test')
    const callback = registry.create('callback', use, context)
    const found: number[] = []
    for (let step = 0; step < 400; step++) {
      const images = tf.ones([1, 1, 1, 1]) as tf.Tensor4D
      const batch = { images, targets: tf.ones([1, 1]), size: 1, step, training, epoch: 0, index: step } as Batch
      const after = (await callback.beforeBatch!(batch)) as Batch | undefined
      found.push(after?.images.dataSync()[0] ?? 1)
      tf.dispose([images, batch.targets, ...(after === undefined ? [] : [after.images])])
    }
    return found
  }
  expect(new Set(await run(1, 0))).toEqual(new Set([2]))
  expect(new Set(await run(1, 1))).toEqual(new Set([3]))
  expect(new Set(await run(1, 0.5, false))).toEqual(new Set([1]))
  const some = await run(1, 0.3)
  // Of 400; a deviation is 0.023.
  expect(Math.abs(some.filter((factor) => factor === 3).length / 400 - 0.3)).toBeLessThan(0.115)
  expect(await run(1, 0.3)).toEqual(some)
  expect(await run(2, 0.3)).not.toEqual(some)
})

test('refuses callbacks that do more than change a batch', () => {
  const registry = createRegistry([marks, mixChoice])
  const { use } = registry.normalize('callback', { use: 'mix-choice', second: 'nothing' } as never, 'test')
  expect(() => registry.create('callback', use, context)).toThrow(
    '[E_OPTION_RANGE] callback "mix-choice" can draw only',
  )
})
