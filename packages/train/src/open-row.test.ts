import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Callback, definePlugin, listParams, type Schedule } from '@tricklab/core'
import { hashWeights } from '@tricklab/core/checkpoint'
import { eventNames } from '@tricklab/core/contracts'
import type { ScheduledGroup } from '@tricklab/core/params'
import type { Plugin } from '@tricklab/core/plugin'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { tinyTable } from '../test/tiny-table.ts'
import { describeRow } from './describe-row.ts'
import { openRow } from './open-row.ts'
import { surveyRow } from './survey-row.ts'
import { train } from './train.ts'
import { trainRow } from './train-row.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

/** A plugin that counts how often it is registered, with a callback that hears everything and a predictor. */
function createCounted(): { plugin: Plugin; registered: () => number } {
  let count = 0
  const plugin = definePlugin({
    name: 'counted',
    core: '*',
    register(on) {
      count += 1
      return [
        on.callback('ears', {
          doc: 'Hears every event.',
          stage: 'target',
          options: {},
          create: (): Callback => Object.fromEntries(eventNames.map((event) => [event, () => undefined])),
        }),
        on.predictor('twice', {
          doc: 'The mean of two views.',
          options: {},
          create: () => ({ views: 1, combine: (plain, [view]) => tf.tidy(() => tf.mean(tf.stack([plain, view!]), 0)) }),
        }),
      ]
    },
  })
  return { plugin, registered: () => count }
}

const staged = {
  row: {
    change: { callbacks: ['ears'], predictor: 'twice' },
    stages: [{ epochs: 1 }, { epochs: 1, batchSize: 12 }],
  },
}

test('a plugin is registered once for a whole training: stages, checks, callbacks and predictor included', async () => {
  const { plugin, registered } = createCounted()
  const row = normalizeRow(tinyTable(staged, [plugin]), 'row')
  const before = registered()
  const opened = await openRow(row)
  const { history, end } = await trainRow(opened)
  await opened.dispose()
  expect([history.length, end]).toEqual([2, { epoch: 1, step: 5 }])
  expect(registered() - before).toBe(1)
})

test('the order of hooks is told without opening data, and is that of the loop', async () => {
  const row = normalizeRow(tinyTable(staged, [createCounted().plugin]), 'row')
  const described = describeRow(row)
  const extra = [{ name: 'extra', stage: 'data', callback: { beforeBatch: () => undefined } }] as const
  const order = described.hookOrder(['a', 'b', 'c'], extra)
  expect(order['1/beforeBatch']).toEqual(['extra', 'ears'])
  expect(order['2/afterBatch']).toEqual(['ears', 'meter'])
  const opened = await openRow(row)
  const { hooks } = opened.learner(opened.stages[0], { callbacks: extra })
  expect(hooks.order('beforeBatch')).toEqual(order['1/beforeBatch'])
  await opened.dispose()
})

test('the schedule of weight decay begins from 1 and spans its stage', async () => {
  const falling = { use: 'flat-cosine', pctStart: 0.5 }
  const change = { optimizer: { use: 'adamw', weightDecay: 0.1 }, decaySchedule: falling }
  const row = normalizeRow(tinyTable({ row: { change, stages: [{ epochs: 2 }, { epochs: 1 }] } }), 'row')
  const opened = await openRow(row)
  const factors = opened.stages.map((stage) => {
    const { decaySchedule, epochs, schedule } = opened.learner(stage).parts
    expect(schedule.at(0)).toEqual({ learningRate: row.recipe.optimizer.learningRate })
    return Array.from({ length: 3 * epochs }, (_, step) => decaySchedule!.at(step).learningRate)
  })
  await opened.dispose()
  // Half of six steps, then half of three.
  expect(factors[0]!.slice(0, 4)).toEqual([1, 1, 1, 1])
  expect(factors[0]!.at(-1)).toBeLessThan(0.8)
  expect(factors[1]![0]).toBe(1)
  expect(factors[1]!.at(-1)).toBeLessThan(0.8)
})

test('the schedules of a group begin from its factors and span their stage', async () => {
  const falling = { use: 'flat-cosine', pctStart: 0.5 }
  const group = { match: '**', role: 'weight', learningRate: 0.1, weightDecay: 2, schedule: falling }
  const change = { optimizer: { use: 'adamw', weightDecay: 0.1 }, params: [{ ...group, decaySchedule: falling }] }
  const row = normalizeRow(tinyTable({ row: { change, stages: [{ epochs: 2 }, { epochs: 1 }] } }), 'row')
  const opened = await openRow(row)
  for (const stage of opened.stages) {
    const [{ schedule, decaySchedule }] = opened.learner(stage).parts.groups as [ScheduledGroup<Schedule>]
    const factors = Array.from({ length: 3 * stage.epochs }, (_, step) => schedule!.at(step).learningRate)
    expect(factors[0]).toBe(0.1)
    expect(factors.at(-1)).toBeLessThan(0.08)
    factors.forEach((factor, step) => {
      expect(decaySchedule!.at(step).learningRate).toBeCloseTo(20 * factor, 12)
    })
  }
  await opened.dispose()
})

test('a decay that follows a schedule trains to other weights', async () => {
  const optimizer = { use: 'adamw', weightDecay: 0.5 }
  const rows = {
    fixed: { change: { optimizer } },
    falling: { change: { optimizer, decaySchedule: { use: 'flat-cosine', pctStart: 0.1 } } },
  }
  const table = tinyTable(rows)
  const weights: string[] = []
  for (const row of ['fixed', 'falling']) {
    const { model, dispose } = await train(table, { row })
    weights.push(
      await hashWeights(Object.fromEntries(listParams(model.params).map(({ path, value }) => [path, value]))),
    )
    dispose()
  }
  expect(weights[0]).not.toBe(weights[1])
})

describe('whatever a row is opened for, it is refused before the first step', () => {
  const declaring = definePlugin({
    name: 'declaring',
    core: '*',
    register: (on) =>
      on.callback('average', { doc: 'Declares.', options: {}, create: () => ({ evaluationWeights: () => ({}) }) }),
  })
  test.each([
    ['two declarations of evaluation weights', { callbacks: ['average', 'average'] }, 'E_EVALUATION_WEIGHTS'],
    ['a group that matches nothing', { params: [{ match: 'nowhere/**', learningRate: 0 }] }, 'E_PARAMS'],
    [
      'a file of weights that is not there',
      { weights: { file: 'gone.safetensors', sha256: '0'.repeat(64) } },
      'E_WEIGHTS',
    ],
  ])('%s', async (_, change, code) => {
    const row = normalizeRow(tinyTable({ row: { change } }, [declaring]), 'row')
    const { numTensors } = tf.memory()
    await expect(openRow(row)).rejects.toThrow(code)
    expect(tf.memory().numTensors).toBe(numTensors)
  })

  test('what only the second stage gets wrong', async () => {
    const stages = [{ epochs: 1 }, { epochs: 1, callbacks: ['average', 'average'] }]
    const row = normalizeRow(tinyTable({ row: { stages } }, [declaring]), 'row')
    await expect(openRow(row)).rejects.toThrow('E_EVALUATION_WEIGHTS')
  })
})

test('every door begins with the weights of the recipe', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tricklab-open-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'weights.safetensors')
  const trained = await train(tinyTable({ row: {} }))
  const sha256 = await trained.save(file)
  trained.dispose()
  const opened = await openRow(normalizeRow(tinyTable({ row: { change: { weights: { file, sha256 } } } }), 'row'))
  const weights = listParams(opened.model.params).map(({ path: name, value }) => [name, value as tf.Tensor])
  expect(await hashWeights(Object.fromEntries(weights))).toBe(sha256)
  await opened.dispose()
})

test('what a dataset draws is the same for every seed', async () => {
  const drawn: number[] = []
  const drawing = definePlugin({
    name: 'drawing',
    core: '*',
    register: (on) =>
      on.dataset('drawn', {
        doc: 'Draws.',
        options: {},
        create(_options, { rng }) {
          drawn.push(rng.at('x').uniform())
          const sample = { pixels: new Uint8Array(64), shape: [8, 8, 1] as const, label: 0 }
          return { classes: ['a', 'b'], digest: 'none', size: () => 8, read: async () => sample }
        },
      }),
  })
  const data = { dataset: 'drawn', normalize: { kind: 'none' }, shuffle: true, dropLast: false }
  const row = normalizeRow(tinyTable({ row: { change: { data } } }, [drawing]), 'row')
  for (const seed of [1, 2]) await (await openRow(row, { seed })).dispose()
  expect(drawn[0]).toBe(drawn[1])
})

test('a survey says what all seeds share, and refuses what no seed could be trained with', async () => {
  const options = { dataPaths: [], progress: () => {}, limits: { epochs: 9, limitTrain: 10 }, harness: [] }
  const survey = await surveyRow(normalizeRow(tinyTable({ row: {} }), 'row'), options)
  expect(survey).toMatchObject({ limits: { limitTrain: 10 }, sizes: { train: 10, valid: 9 } })
  expect(survey.hooks).toEqual({
    beforeFit: ['meter'],
    beforeEpoch: ['meter'],
    afterBatch: ['meter'],
    afterEpoch: ['meter'],
  })
  expect(survey.plugins.map(({ name }) => name)).toEqual(['data', 'nn', 'optim'])
  for (const change of [{ metrics: [{ use: 'top-k-accuracy', k: 5 }] }, { batchSize: 30, data: { dropLast: true } }]) {
    const row = normalizeRow(tinyTable({ row: { change } }), 'row')
    await expect(surveyRow(row, options)).rejects.toThrow('E_OPTION_RANGE')
  }
})

test('a survey says which components should not stand beside each other', async () => {
  const mixing = definePlugin({
    name: 'mixing',
    core: '*',
    register: (on) => [
      on.callback('mix', { doc: '', options: {}, create: () => ({}), notBeside: { cut: 'Both mix.' } }),
      on.callback('cut', { doc: '', options: {}, create: () => ({}) }),
    ],
  })
  const told: unknown[] = []
  const options = { dataPaths: [], progress: (event: unknown) => told.push(event), limits: {}, harness: [] }
  for (const callbacks of [['mix'], ['mix', 'cut']]) {
    await surveyRow(normalizeRow(tinyTable({ row: { change: { callbacks } } }, [mixing]), 'row'), options)
  }
  expect(told).toEqual([{ kind: 'notice', message: 'row: "mix" stands beside "cut". Both mix.' }])
})
