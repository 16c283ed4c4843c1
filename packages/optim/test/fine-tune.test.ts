import { readFileSync } from 'node:fs'
import { defineTable, listParams, type Model, TricklabError } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import { groupParams } from '@tricklab/core/params'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { fineTune, optim } from '../src/index.ts'
import { createLinearModel, trainStages } from './linear-fit.ts'

const golden = JSON.parse(readFileSync(new URL('./golden/fine-tune.json', import.meta.url), 'utf8')) as {
  rows: [learningRate: number, momentum: number][]
  losses: [train: number, valid: number][]
  weight: number[]
  bias: number[]
}

beforeAll(async () => {
  await prepareEngine('cpu')
})

const valuesOf = (model: Model) => {
  const { weight, bias } = model.params.linear as unknown as Record<'weight' | 'bias', { value: tf.Tensor }>
  return { weight: [...weight.value.dataSync()], bias: [...bias.value.dataSync()] }
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index]! - value), `${index}`).toBeLessThan(tolerance)
  }
}

function problemsOf(body: () => unknown): readonly Problem[] {
  try {
    body()
  } catch (error) {
    if (error instanceof TricklabError) return error.problems
    throw error
  }
  return []
}

const cycle = { epochs: 2, optimizer: { learningRate: 0.02 }, schedule: { use: 'fit-one-cycle' } }

describe("fastai's fine_tune", () => {
  test('rates, momenta, printed losses and final weights of a whole training', async () => {
    const before = tf.memory().numTensors
    const model = createLinearModel()
    const { steps, epochs } = await trainStages(model, [cycle, ...fineTune({ epochs: 3, learningRate: 0.04 })])
    expectClose(
      steps.map(({ learningRate }) => learningRate),
      golden.rows.map(([rate]) => rate),
      1e-12,
    )
    expectClose(
      steps.map(({ momentum }) => momentum!),
      golden.rows.map(([, momentum]) => momentum),
      1e-12,
    )
    expectClose(
      epochs.map(({ train }) => train.smoothLoss!),
      golden.losses.map(([train]) => train),
      2e-6,
    )
    expectClose(
      epochs.map(({ valid }) => valid.loss!),
      golden.losses.map(([, valid]) => valid),
      2e-6,
    )
    expectClose(valuesOf(model).weight, golden.weight, 2e-6)
    expectClose(valuesOf(model).bias, golden.bias, 2e-6)
    model.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  test('the numbers of the source: 1e-3 for an epoch, then 5e-4 from a fifth', () => {
    const [first, second] = fineTune({ epochs: 5, learningRate: 1e-3 })
    expect(first).toEqual({
      epochs: 1,
      optimizer: { learningRate: 1e-3 },
      schedule: { use: 'fit-one-cycle', pctStart: 0.99, div: 25, divFinal: 1e5, momenta: [0.95, 0.85, 0.95] },
    })
    expect(second).toEqual({
      epochs: 5,
      optimizer: { learningRate: 5e-4 },
      schedule: { use: 'fit-one-cycle', pctStart: 0.3, div: 5, divFinal: 1e5, momenta: [0.95, 0.85, 0.95] },
    })
  })

  test("has fastai's defaults, and takes all of its arguments", () => {
    expect(fineTune({ epochs: 3 })).toEqual(
      fineTune({ epochs: 3, learningRate: 2e-3, freezeEpochs: 1, pctStart: 0.3, div: 5, momenta: [0.95, 0.85, 0.95] }),
    )
    const [first, second] = fineTune(
      { epochs: 3, freezeEpochs: 2, pctStart: 0.5, div: 7, momenta: [] },
      { batchSize: 32 },
    )
    expect([first.epochs, first.batchSize, first.schedule.pctStart, first.schedule.div]).toEqual([2, 32, 0.99, 25])
    expect([second.epochs, second.batchSize, second.schedule.pctStart, second.schedule.div]).toEqual([3, 32, 0.5, 7])
    expect([first.schedule.momenta, second.schedule.momenta]).toEqual([[], []])
  })

  // fastai 2.8: even_mults(1e-3 / 100, 1e-3, 3), the rates of the three groups of vision_learner.
  test("with a body, freezes it but for its norms, and then has fastai's rates", () => {
    const [first, second] = fineTune({ epochs: 5, learningRate: 2e-3, body: ['stem', 'stage*'] })
    expect(first.params!.map(({ match, freeze }) => [match, freeze])).toEqual([
      ['stem', true],
      ['stage*', true],
    ])
    const roles = ['weight', 'bias', 'norm', 'scale', 'token', 'buffer'] as const
    const tree = { stem: Object.fromEntries(roles.map((role) => [role, { role, value: null as never }])) }
    const head = { head: { weight: { role: 'weight', value: null as never } } } as const
    const stage1 = { stage1: { weight: { role: 'weight', value: null as never } } } as const
    const list = listParams({ ...tree, ...stage1, ...head } as never)
    const frozen = groupParams(list, first.params!).filter((param) => param.frozen)
    expect(frozen.map(({ path }) => path)).toEqual([
      ...['stem/weight', 'stem/bias', 'stem/scale', 'stem/token'],
      'stage1/weight',
    ])
    const rates = groupParams(list, second.params!).map(
      ({ learningRate = 1 }) => second.optimizer.learningRate * learningRate,
    )
    expectClose([rates[0]!, rates[2]!, rates.at(-2)!, rates.at(-1)!], [1e-5, 1e-5, 1e-4, 1e-3], 1e-12)
    expectClose(
      fineTune({ epochs: 1, body: ['a', 'b', 'c'], lrMult: 1000 })[1].params!.map(({ learningRate }) => learningRate!),
      [1e-3, 1e-2, 1e-1],
      1e-12,
    )
  })

  test('stands in a recipe, whatever the schedule of the row', () => {
    const table = defineTable({
      id: 't',
      title: '',
      source: '',
      plugins: [optim],
      base: { schedule: { use: 'fit-one-cycle', divFinal: 7, momenta: [] }, optimizer: 'adam', epochs: 1, seeds: [1] },
      rows: { row: { stages: [{ epochs: 4 }, ...fineTune({ epochs: 5 })] } },
    } as never)
    // A recipe of these parts alone is not whole; its stages are.
    const problems = problemsOf(() => normalizeRow(table, 'row'))
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.filter(({ what }) => what.includes('stage'))).toEqual([])
  })

  test('types: what fineTune sets is not changed beside it', () => {
    // @ts-expect-error the learning rate is fineTune's
    fineTune({ epochs: 1 }, { optimizer: { learningRate: 1 } })
    // @ts-expect-error and so are the epochs
    fineTune({ epochs: 1 }, { epochs: 1 })
  })
})

describe('accumulated gradients', () => {
  const train = async (batchSize: number, accumulate: number) => {
    const model = createLinearModel()
    const { steps } = await trainStages(model, [{ ...cycle, epochs: 3 }], batchSize, accumulate)
    const values = valuesOf(model)
    model.dispose()
    return { ...values, rates: steps.map(({ learningRate }) => learningRate) }
  }

  // 18 samples: groups of 8, 8 and 2; of 12 and 6 from batches of 4, 4, 4, 4 and 2; all in one.
  test.each([
    [4, 2, 8],
    [4, 3, 12],
    [2, 9, 18],
    [4, 99, 18],
  ])('batches of %d, %d at a time, train as batches of %d', async (batchSize, accumulate, whole) => {
    const [gathered, plain] = [await train(batchSize, accumulate), await train(whole, 1)]
    expectClose(gathered.weight, plain.weight, 2e-6)
    expectClose(gathered.bias, plain.bias, 2e-6)
    // Every batch is logged with the rate of its update.
    const batches = Math.ceil(18 / batchSize)
    const updates = Math.ceil(18 / whole)
    const expected = Array.from({ length: 3 * batches }, (_, step) => {
      const [epoch, index] = [Math.floor(step / batches), step % batches]
      return plain.rates[epoch * updates + Math.floor(index / accumulate)]
    })
    expect(gathered.rates).toEqual(expected)
  })

  test('one at a time is not accumulating, to the bit', async () => {
    expect(await train(4, 1)).toEqual(await train(4, 1))
    expect((await train(4, 2)).weight).not.toEqual((await train(4, 1)).weight)
  })
})
