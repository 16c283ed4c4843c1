import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createLearner,
  createLinearModel,
  createOptimizer,
  createSource,
  disposeLearner,
  squaredError,
} from '../../test/linear-learner.ts'
import { type EventName, eventNames, type FitInfo, type Stage } from '../contracts.ts'
import { type Callback, type Json, type Optimizer, TricklabError } from '../index.ts'
import * as tf from '../tf.ts'
import { fit as runFit } from './fit.ts'
import type { BoundCallback } from './hooks.ts'
import { type Snapshot, stageOf } from './index.ts'
import type { Learner, LearnerParts } from './learner.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const bind = (callback: Callback, name = 'test', stage: Stage = 'checkpoint'): BoundCallback => ({
  name,
  stage,
  callback,
})

/** Writes down every event with the parts of its payload that tell the place. */
function createRecorder(log: string[], events: readonly EventName[] = eventNames): Callback {
  const place = (payload: object | undefined) =>
    Object.entries(payload ?? {})
      .filter(([key]) => ['split', 'epoch', 'index', 'step', 'size', 'training', 'startStep'].includes(key))
      .map(([key, value]) => `${key} ${value}`)
      .join(' ')
  const hooks = events.map((event) => [event, (payload: object) => void log.push(`${event} ${place(payload)}`.trim())])
  return Object.fromEntries(hooks) as Callback
}

async function problemOf(running: Promise<unknown>) {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TricklabError)
  return (error as TricklabError).problems[0]!
}

test('events come in the documented order', async () => {
  const log: string[] = []
  const learner = createLearner([bind(createRecorder(log))], { epochs: 1 })
  await runFit(learner)
  disposeLearner(learner)
  const step = (index: number, size: number) => [
    `beforeBatch size ${size} training true epoch 0 index ${index} step ${index}`,
    `afterPredict size ${size} training true epoch 0 index ${index} step ${index}`,
    `afterLoss size ${size} training true epoch 0 index ${index} step ${index}`,
    `afterBackward step ${index}`,
    `afterStep step ${index}`,
    `afterBatch epoch 0 index ${index} step ${index + 1} size ${size} training true`,
  ]
  const evaluation = (index: number, size: number) => [
    `beforeBatch size ${size} training false epoch 0 index ${index} step 3`,
    `afterPredict size ${size} training false epoch 0 index ${index} step 3`,
    `afterLoss size ${size} training false epoch 0 index ${index} step 3`,
    `afterBatch epoch 0 index ${index} step 3 size ${size} training false`,
  ]
  expect(log).toEqual([
    'beforeFit startStep 0',
    'beforeEpoch epoch 0 split train index 0',
    ...step(0, 4),
    ...step(1, 4),
    ...step(2, 2),
    'beforeEpoch epoch 0 split valid index 0',
    ...evaluation(0, 4),
    ...evaluation(1, 1),
    'afterEpoch epoch 0 step 3',
    'afterFit step 3',
    'cleanup',
  ])
})

test('the loss of an epoch is the mean over samples, not over batches', async () => {
  const batches: { size: number; loss: number; training: boolean }[] = []
  const learner = createLearner([bind({ afterBatch: (result) => void batches.push(result) })], { epochs: 1 })
  const { train, valid } = await runFit(learner)
  disposeLearner(learner)
  for (const [scores, training] of [
    [train, true],
    [valid, false],
  ] as const) {
    const own = batches.filter((batch) => batch.training === training)
    const samples = own.reduce((sum, { size }) => sum + size, 0)
    expect(scores.loss).toBe(own.reduce((sum, { loss, size }) => sum + loss * size, 0) / samples)
    const meanOfMeans = own.reduce((sum, { loss }) => sum + loss, 0) / own.length
    expect(Math.abs(scores.loss! - meanOfMeans)).toBeGreaterThan(1e-6)
  }
})

test('training brings the loss down, and hooks see the schedule', async () => {
  const rates: number[] = []
  const callback: Callback = { afterBatch: ({ hyper }) => void (hyper && rates.push(hyper.learningRate)) }
  const losses: number[] = []
  const learner = createLearner([bind({ ...callback, afterEpoch: ({ valid }) => void losses.push(valid.loss!) })], {
    epochs: 12,
  })
  await runFit(learner)
  disposeLearner(learner)
  expect(losses.at(-1)).toBeLessThan(losses[0]!)
  expect(rates.slice(0, 3)).toEqual([0.02, 0.01, 0.02 / 3])
  expect(rates).toHaveLength(36)
})

// Groups of two batches leave one over in every epoch of three.
const stage = { accumulate: 2, start: { stage: 1, epoch: 4, step: 12 } } as const

describe.each([
  ['resuming', {}],
  ['resuming with gathered gradients, in a second stage', stage],
])('%s', (_, parts) => {
  const { epoch: firstEpoch, step: firstStep } = 'start' in parts ? parts.start : { epoch: 0, step: 0 }
  interface Outcome {
    bits: string
    result: unknown
    counted: Json
  }

  /** Counts everything that it sees: a state that any event seen twice or missed would change. */
  function createCounter() {
    let counts: { [event: string]: number } = {}
    const count = (event: string) => () => {
      counts[event] = (counts[event] ?? 0) + 1
    }
    const events = [
      'beforeBatch',
      'afterPredict',
      'afterLoss',
      'afterBackward',
      'afterStep',
      'afterBatch',
      'afterEpoch',
    ] as const
    const hooks = Object.fromEntries(events.map((event) => [event, count(event)])) as Callback
    const callback: Callback = {
      ...hooks,
      state: () => ({ ...counts }),
      restore(state) {
        counts = { ...(state as typeof counts) }
      },
    }
    return { callback, counts: () => ({ ...counts }) }
  }

  async function finish(learner: Learner, counter: ReturnType<typeof createCounter>): Promise<Outcome> {
    const result = await runFit(learner)
    const values = await learner.params[0]!.value.data()
    disposeLearner(learner)
    return { bits: [...new Uint32Array(Float32Array.from(values).buffer)].join(), result, counted: counter.counts() }
  }

  const epochs = 3

  async function uninterrupted(): Promise<Outcome> {
    const counter = createCounter()
    return finish(createLearner([bind(counter.callback, 'counter', 'metric')], { ...parts, epochs }), counter)
  }

  /** Takes a snapshot at an event, through JSON as a checkpoint does, and stops there. */
  async function snapshotAt(event: number): Promise<Snapshot> {
    const stop = new AbortController()
    const counter = createCounter()
    let seen = 0
    let saved: Snapshot | undefined
    const save = () => {
      seen += 1
      if (seen !== event) return
      const { state, tensors } = learner.snapshot()
      const copies = Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor.clone())])
      saved = {
        state: JSON.parse(JSON.stringify(state)) as Json,
        tensors: Object.fromEntries(copies) as Snapshot['tensors'],
      }
      stop.abort()
    }
    const saver = bind({ afterBatch: save, afterEpoch: save }, 'saver')
    const learner: Learner = createLearner([bind(counter.callback, 'counter', 'metric'), saver], {
      ...parts,
      epochs,
      signal: stop.signal,
    })
    expect((await problemOf(runFit(learner))).code).toBe('E_INTERRUPTED')
    disposeLearner(learner)
    expect(stageOf(saved!)).toBe('start' in parts ? 1 : 0)
    return saved!
  }

  // An epoch has 3 training batches, 2 validation batches and its end.
  test.each(Array.from({ length: epochs * 6 }, (_, index) => index + 1))(
    'after event %d gives the same bits',
    async (event) => {
      const expected = await uninterrupted()
      const saved = await snapshotAt(event)
      const before = tf.memory().numTensors
      const counter = createCounter()
      const learner = createLearner([bind(counter.callback, 'counter', 'metric')], {
        ...parts,
        epochs,
        model: createLinearModel(2),
      })
      await learner.restore(saved)
      expect(await finish(learner, counter)).toEqual(expected)
      expect(tf.memory().numTensors).toBe(before)
      tf.dispose(Object.values(saved.tensors))
    },
  )

  test('tells hooks where it begins', async () => {
    const log: string[] = []
    const recorder = createRecorder(log, ['beforeFit', 'beforeEpoch', 'beforeBatch'])
    const learner = createLearner([bind(recorder)], { ...parts, epochs })
    const saved = await snapshotAt(6 + 4)
    await learner.restore(saved)
    await runFit(learner)
    disposeLearner(learner)
    tf.dispose(Object.values(saved.tensors))
    expect(log.slice(0, 4)).toEqual([
      `beforeFit startStep ${firstStep + 6}`,
      `beforeEpoch epoch ${firstEpoch + 1} split valid index 1`,
      `beforeBatch size 1 training false epoch ${firstEpoch + 1} index 1 step ${firstStep + 6}`,
      `beforeEpoch epoch ${firstEpoch + 2} split train index 0`,
    ])
  })

  test('refuses a snapshot of another model, naming the parameter', async () => {
    const saved = await snapshotAt(1)
    const learner = createLearner()
    const { 'model/linear/weight': weight, ...rest } = saved.tensors
    const withWeight = (value?: tf.Tensor) => ({
      ...saved,
      tensors: { ...rest, ...(value && { 'model/linear/weight': value }) },
    })
    const restoring = async (snapshot: Snapshot) => learner.restore(snapshot)
    expect(await problemOf(restoring(withWeight()))).toMatchObject({
      code: 'E_CHECKPOINT_MISMATCH',
      received: 'nothing.',
    })
    const other = tf.zeros([2, 3])
    const problem = await problemOf(restoring(withWeight(other)))
    expect(problem).toMatchObject({ expected: 'float32 [3,2].', received: 'float32 [2,3].' })
    expect(problem.what).toContain('"linear/weight"')
    disposeLearner(learner)
    tf.dispose([weight!, other, ...Object.values(rest)])
  })

  test('refuses a snapshot without what the optimizer keeps, or without the gradients of a group', async () => {
    let groups = 0
    for (let event = 1; event <= epochs * 6; event++) {
      const saved = await snapshotAt(event)
      const { 'optimizer/velocity': velocity, ...others } = saved.tensors
      const learner = createLearner([], parts)
      const restoring = async (tensors: Snapshot['tensors']) => learner.restore({ ...saved, tensors })
      const other = tf.zeros([7])
      if (velocity !== undefined) {
        expect(await problemOf(restoring(others))).toMatchObject({
          code: 'E_CHECKPOINT_MISMATCH',
          what: 'The checkpoint does not fit "velocity" of the optimizer.',
          expected: 'float32 [3,2].',
          received: 'nothing.',
        })
        const problem = await problemOf(restoring({ ...others, 'optimizer/velocity': other }))
        expect(problem.received).toBe('float32 [7].')
      }
      const gradient = Object.keys(saved.tensors).find((name) => name.startsWith('gradient/'))
      if (gradient !== undefined) {
        groups += 1
        const { [gradient]: _gradient, ...rest } = saved.tensors
        expect((await problemOf(restoring(rest))).what).toContain('gradients of the group')
        expect((await problemOf(restoring({ ...saved.tensors, [gradient]: other }))).received).toBe('float32 [7].')
      }
      disposeLearner(learner)
      tf.dispose([other, ...Object.values(saved.tensors)])
    }
    expect(groups).toBe('accumulate' in parts ? epochs : 0)
  })
})

describe('a stage', () => {
  const watch = async (parts: Partial<LearnerParts>) => {
    const seen = { infos: [] as FitInfo[], keys: [] as string[], rates: [] as number[], updates: [] as number[] }
    const optimizer = createOptimizer()
    const step: Optimizer['step'] = (params, gradients, hyper, update) => {
      seen.updates.push(update)
      optimizer.step(params, gradients, hyper, update)
    }
    const callback: Callback = {
      beforeFit: (info) => void seen.infos.push(info),
      beforeBatch: ({ training, epoch, index, step }) => void (training && seen.keys.push([epoch, index, step].join())),
      afterBatch: ({ hyper }) => void (hyper && seen.rates.push(hyper.learningRate)),
      afterBackward: ({ step }) => void seen.keys.push(`update ${step}`),
    }
    const learner = createLearner([bind(callback)], { ...parts, optimizer: { ...optimizer, step } })
    const { train } = await runFit(learner)
    const { position } = learner
    disposeLearner(learner)
    return { ...seen, train, position: { ...position } }
  }

  test('counts epochs and steps on; schedule and optimizer begin anew', async () => {
    const { infos, keys, rates, updates, position } = await watch({ ...stage, epochs: 2 })
    expect(infos[0]).toMatchObject({ stage: 1, epochs: 2, firstEpoch: 4, firstStep: 12, startEpoch: 4, startStep: 12 })
    expect(keys).toEqual([
      ...['4,0,12', '4,1,13', 'update 13', '4,2,14', 'update 14'],
      ...['5,0,15', '5,1,16', 'update 16', '5,2,17', 'update 17'],
    ])
    expect(updates).toEqual([1, 2, 3, 4])
    const at = (update: number) => 0.02 / (1 + update)
    expect(rates).toEqual([at(0), at(0), at(1), at(2), at(2), at(3)])
    expect(position).toEqual({ epoch: 6, index: 0, step: 18 })
  })

  test('draws other numbers than the stage before', async () => {
    const first = await watch({ epochs: 2 })
    const second = await watch({ epochs: 2, start: { stage: 1, epoch: 2, step: 6 } })
    expect(second.train.loss).not.toBe(first.train.loss)
    expect(first.infos[0]).toMatchObject({ stage: undefined, firstEpoch: 0, firstStep: 0 })
  })

  test('is named where a fit is stopped', async () => {
    const stop = new AbortController()
    const stopper = bind({ beforeBatch: () => stop.abort() })
    const learner = createLearner([stopper], { ...stage, epochs: 3, signal: stop.signal })
    expect((await problemOf(runFit(learner))).what).toBe('Stopped after step 13 of epoch 5/7, stage 2 (seed 3).')
    disposeLearner(learner)
  })
})

test('the running loss goes on over epochs, as the float64 sum says', async () => {
  const losses: number[] = []
  const printed: number[] = []
  const callback: Callback = {
    afterBatch: ({ training, loss }) => void (training && losses.push(loss)),
    afterEpoch: ({ train }) => void printed.push(train.smoothLoss!),
  }
  const learner = createLearner([bind(callback)], { epochs: 3 })
  await runFit(learner)
  disposeLearner(learner)
  // Σ 0.98^(n−i) · loss_i over Σ 0.98^(n−i): debiasing makes the weights sum to 1.
  const expected = [3, 6, 9].map((count) => {
    const weights = losses.slice(0, count).map((_, index) => 0.98 ** (count - 1 - index))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.reduce((sum, weight, index) => sum + weight * losses[index]!, 0) / total
  })
  for (const [index, value] of expected.entries()) expect(printed[index]).toBeCloseTo(value, 12)
})

describe('the signal', () => {
  test('stops after the step at hand, and cleanup runs', async () => {
    const log: string[] = []
    const stop = new AbortController()
    const stopper = bind({ beforeBatch: ({ step }) => void (step === 1 && stop.abort()) }, 'stopper')
    const recorder = createRecorder(log, ['afterStep', 'afterBatch', 'afterFit', 'cleanup'])
    const learner = createLearner([stopper, bind(recorder)], { signal: stop.signal })
    const problem = await problemOf(runFit(learner))
    disposeLearner(learner)
    expect(problem).toMatchObject({ code: 'E_INTERRUPTED', what: 'Stopped after step 2 of epoch 1/2 (seed 3).' })
    expect(log.map((line) => line.split(' ')[0])).toEqual([
      'afterStep',
      'afterBatch',
      'afterStep',
      'afterBatch',
      'cleanup',
    ])
  })
})

test('the loss is read once a step, after the update', async () => {
  const log: string[] = []
  const callback = bind({ afterBatch: ({ training }) => void log.push(training ? 'trained' : 'scored') })
  const learner = createLearner([callback], { metrics: [] })
  const { optimizer } = learner.parts
  const step = optimizer.step.bind(optimizer)
  optimizer.step = (...given) => {
    log.push('update')
    step(...given)
  }
  const read = vi.spyOn(tf.backend(), 'read').mockImplementation(async (dataId) => {
    log.push('read')
    return tf.backend().readSync(dataId) as tf.backend_util.BackendValues
  })
  await runFit(learner)
  read.mockRestore()
  disposeLearner(learner)
  const steps = log.join(' ').split(/ ?(?:trained|scored) ?/)
  expect(new Set(steps.filter((line) => line.includes('update')))).toEqual(new Set(['update read']))
})

describe('numbers that are not finite', () => {
  const failing = async (parts: Partial<LearnerParts>, callbacks: BoundCallback[] = []) => {
    const learner = createLearner(callbacks, parts)
    const problem = await problemOf(runFit(learner))
    disposeLearner(learner)
    expect(problem.code).toBe('E_LOSS_NAN')
    return problem.what
  }

  test('in the images', async () => {
    const source = createSource((split, index) => (split === 'train' && index === 1 ? Number.NaN : undefined))
    expect(await failing({ source })).toBe(
      'The loss is not finite at step 2 (epoch 1), seed 3: the images of the batch hold it already.',
    )
  })

  test('in a parameter', async () => {
    const schedule = { at: () => ({ learningRate: Number.NaN }) }
    expect(await failing({ schedule })).toBe(
      'The loss is not finite at step 2 (epoch 1), seed 3: parameter "linear/weight" holds it.',
    )
  })

  test('out of a layer, which an update has spread to every parameter by then', async () => {
    let updates = 0
    const counting = bind({ afterStep: () => void updates++ }, 'counting')
    const source = createSource((split) => (split === 'train' ? 3e38 : undefined))
    expect(await failing({ source }, [counting])).toMatch(/layer "linear" \(linear: weight\) produced it first\.$/)
    expect(updates).toBe(1)
  })

  test('out of a layer', async () => {
    const source = createSource((split) => (split === 'train' ? 3e38 : undefined))
    expect(await failing({ source })).toBe(
      'The loss is not finite at step 1 (epoch 1), seed 3: layer "linear" (linear: weight) produced it first.',
    )
  })

  test('out of the loss, or of a callback around it', async () => {
    const connected = { apply: (s: tf.Tensor2D, t: tf.Tensor2D) => tf.div(squaredError.apply(s, t), 0) as tf.Scalar }
    expect(await failing({ loss: connected })).toMatch(/every layer is finite, so the loss function produced it\.$/)
    const callback = bind({ afterLoss: (payload) => ({ loss: payload.loss }) }, 'penalty')
    expect(await failing({ loss: connected }, [callback])).toMatch(
      /the loss function or callback "penalty" produced it\.$/,
    )
  })

  test('in the validation', async () => {
    const source = createSource((split, index) => (split === 'valid' && index === 1 ? Infinity : undefined))
    expect(await failing({ source })).toBe(
      'The validation loss is not finite after step 3 (epoch 1), seed 3: the images of the batch hold it already.',
    )
  })
})

describe('cleanup', () => {
  const boom = () => {
    throw new Error('boom')
  }

  test.each(['beforeFit', 'beforeBatch', 'afterLoss', 'afterBackward', 'afterEpoch'] as const)(
    'runs after an error in %s',
    async (event) => {
      let cleaned = 0
      const learner = createLearner([bind({ [event]: boom, cleanup: () => void cleaned++ })])
      const problem = await problemOf(runFit(learner))
      disposeLearner(learner)
      expect([problem.code, cleaned]).toEqual(['E_HOOK', 1])
      expect(problem.what).toContain(`"test" threw in ${event}`)
    },
  )

  test('does not hide what ended the fit', async () => {
    const learner = createLearner([
      bind({ afterStep: boom, cleanup: () => Promise.reject(new Error('while cleaning')) }),
    ])
    expect((await problemOf(runFit(learner))).what).toContain('threw in afterStep at step 1: boom')
    disposeLearner(learner)
  })

  test('may itself end a fit that went well', async () => {
    const learner = createLearner([bind({ cleanup: boom })])
    expect((await problemOf(runFit(learner))).what).toContain('threw in cleanup: boom')
    disposeLearner(learner)
  })
})

test('no tensor is left over, step by step and in the end', async () => {
  const before = tf.memory().numTensors
  const counts = new Set<number>()
  const replace: Callback = {
    beforeBatch: (batch) => ({ ...batch, images: tf.mul(batch.images, 1.5) }),
    afterPredict: ({ scores }) => ({ scores: tf.mul(scores, 0.5) as tf.Tensor2D }),
    afterLoss: ({ loss }) => ({ loss: tf.mul(loss, 2) as tf.Scalar }),
    afterBackward: ({ gradients }) => ({ gradients: gradients.map((gradient) => tf.mul(gradient, 0.5)) }),
    afterBatch: () => void counts.add(tf.memory().numTensors),
  }
  const learner = createLearner([bind(replace)], { epochs: 10 })
  await runFit(learner)
  expect(counts.size).toBe(1)
  disposeLearner(learner)
  expect(tf.memory().numTensors).toBe(before)
})

test('a parameter that takes no part in the loss is left alone', async () => {
  const idle = tf.variable(tf.scalar(5))
  const model = createLinearModel()
  const params = { ...model.params, idle: { role: 'weight' as const, value: idle } }
  const seen: string[][] = []
  const learner = createLearner(
    [bind({ afterBackward: ({ params: given }) => void seen.push(given.map(({ path }) => path)) })],
    {
      model: { ...model, params },
      epochs: 1,
    },
  )
  await runFit(learner)
  expect(seen[0]).toEqual(['linear/weight'])
  expect(idle.dataSync()[0]).toBe(5)
  idle.dispose()
  disposeLearner(learner)
})
