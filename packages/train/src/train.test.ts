import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, expect, test } from 'vitest'
import { tinyTable } from '../test/tiny-table.ts'
import type { ProgressEvent } from './progress.ts'
import { train } from './train.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const table = tinyTable({ plain: {}, slow: { change: { optimizer: { learningRate: 0 } } } })

test('a row is trained to its scores, its progress is told as events, and what is left is the network', async () => {
  const { numTensors } = tf.memory()
  const events: ProgressEvent[] = []
  const trained = await train(table, { row: 'plain', onProgress: (event) => events.push(event) })
  const { row, seed, classes, history, scores, end, stopped } = trained
  expect([row.name, seed, classes.length, end, stopped]).toEqual(['plain', 4, 3, { epoch: 1, step: 6 }, undefined])
  expect(Object.keys(scores).sort()).toEqual(['accuracy', 'loss'])
  expect(history.at(-1)!.valid).toEqual(scores)
  const count = (kind: ProgressEvent['kind']) => events.filter((event) => event.kind === kind).length
  expect([count('step'), count('epoch'), count('done')]).toEqual([2 * (3 + 2), 2, 1])
  trained.dispose()
  expect(tf.memory().numTensors).toBe(numTensors)
})

test('the same row and seed give the same bits, another seed others', async () => {
  const lossOf = async (seed: number) => {
    const trained = await train(table, { row: 'plain', seed })
    trained.dispose()
    return trained.scores.loss
  }
  const first = await lossOf(1)
  expect(await lossOf(1)).toBe(first)
  expect(await lossOf(2)).not.toBe(first)
})

test('a callback of the caller takes part', async () => {
  let updates = 0
  const counting = { name: 'counting', stage: 'log', callback: { afterStep: () => void updates++ } } as const
  const trained = await train(table, { row: 'plain', callbacks: [counting] })
  trained.dispose()
  expect(updates).toBe(6)
})

test('a signal ends it after the step at hand, and nothing is left', async () => {
  const { numTensors } = tf.memory()
  const stop = new AbortController()
  const onProgress = ({ kind }: ProgressEvent) => kind === 'step' && stop.abort()
  await expect(train(table, { row: 'plain', signal: stop.signal, onProgress })).rejects.toThrow(
    /E_INTERRUPTED.*after step 1 of epoch 1.*`train` keeps no checkpoint/,
  )
  expect(tf.memory().numTensors).toBe(numTensors)
})

test('of a table with several rows one must be named', async () => {
  await expect(train(table)).rejects.toThrow(/E_ROW_UNKNOWN.*2 rows.*one of plain, slow/)
  await expect(train(table, { row: 'quick' })).rejects.toThrow('E_ROW_UNKNOWN')
})
