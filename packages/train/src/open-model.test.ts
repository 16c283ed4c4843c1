import { definePlugin, listParams } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { tinyTable } from '../test/tiny-table.ts'
import { openModel } from './open-model.ts'
import { openRow } from './open-row.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** A dataset that counts how often it is opened, and says of itself what it is told to say. */
function createShy(facts: object | undefined) {
  let opened = 0
  const sample = { pixels: Uint8Array.from({ length: 64 }, (_, index) => index), shape: [8, 8, 1] as const, label: 0 }
  const plugin = definePlugin({
    name: 'shy',
    core: '*',
    register: (on) =>
      on.dataset('shy', {
        doc: 'Counts.',
        options: {},
        ...(facts === undefined ? {} : { facts: () => facts as never }),
        create() {
          opened += 1
          return { classes: ['a', 'b'], digest: 'none', size: () => 8, read: async () => sample }
        },
      }),
  })
  const data = { dataset: 'shy', normalize: { kind: 'sample-scalar', images: 4 }, shuffle: true, dropLast: false }
  const row = normalizeRow(tinyTable({ row: { change: { data } } }, [plugin]), 'row')
  return { row, opened: () => opened }
}

const facts = { classes: ['a', 'b'], imageShape: [8, 8, 1] }

test('the data are opened only where nothing else tells what the network is fed', async () => {
  const telling = createShy(facts)
  const { model, inputs } = await openModel(telling.row)
  expect([telling.opened(), inputs[0].imageShape, inputs[0].normalization]).toEqual([0, [8, 8, 1], undefined])
  model.dispose()

  const measured = await openModel(telling.row, { normalized: true })
  expect([telling.opened(), measured.inputs[0].normalization]).toEqual([
    1,
    { mean: [expect.closeTo(31.5 / 255)], std: [expect.any(Number)] },
  ])
  measured.model.dispose()

  const silent = createShy(undefined)
  const { model: built } = await openModel(silent.row)
  expect([silent.opened(), built.classes]).toEqual([1, 2])
  built.dispose()
})

test('the weights of a seed are those that its training begins with', async () => {
  const { row } = createShy(facts)
  const { model } = await openModel(row, { seed: 3 })
  const opened = await openRow(row, { seed: 3 })
  const values = (of: typeof model) => listParams(of.params).map(({ value }) => [...value.dataSync()])
  expect(values(model)).toEqual(values(opened.model))
  model.dispose()
  await opened.dispose()
})

test('what refuses the weights leaves nothing behind', async () => {
  const { row } = createShy(facts)
  const { numTensors } = tf.memory()
  const refusing = openModel(row, { weights: () => Promise.reject(new Error('no')) })
  await expect(refusing).rejects.toThrow('no')
  expect(tf.memory().numTensors).toBe(numTensors)
})
