import { prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventNames, type Stage } from '../contracts.ts'
import { type Batch, type Callback, type Json, TricklabError } from '../index.ts'
import * as tf from '../tf.ts'
import { createHooks } from './hooks.ts'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const bind = (name: string, callback: Callback, stage: Stage = 'augment') => ({ name, stage, callback })

function createBatch(): Batch {
  return {
    images: tf.ones([2, 3, 3, 1]),
    targets: tf.tensor2d([
      [1, 0],
      [0, 1],
    ]),
    size: 2,
    training: true,
    epoch: 0,
    index: 4,
    step: 7,
  }
}

async function problemOf(body: () => unknown) {
  try {
    await body()
  } catch (error) {
    if (error instanceof TricklabError) return error.problems[0]!
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('order', () => {
  test('by stage, then as given; only callbacks that listen', () => {
    const hook = { afterStep() {} }
    const hooks = createHooks([
      bind('logger', hook, 'log'),
      bind('second', hook, 'target'),
      bind('deaf', {}, 'data'),
      bind('third', hook, 'target'),
      bind('first', hook, 'data'),
      bind('last', hook, 'checkpoint'),
    ])
    expect(hooks.order('afterStep')).toEqual(['first', 'second', 'third', 'logger', 'last'])
    for (const event of eventNames.filter((name) => name !== 'afterStep')) expect(hooks.order(event)).toEqual([])
  })

  test('hooks are awaited one after the other', async () => {
    const seen: string[] = []
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      seen.push('slow')
    }
    const hooks = createHooks([bind('a', { afterStep: slow }), bind('b', { afterStep: () => void seen.push('quick') })])
    await hooks.run('afterStep', { step: 0, params: [] })
    expect(seen).toEqual(['slow', 'quick'])
  })
})

describe('answers', () => {
  test('what one hook returns the next one sees; the rest of the payload stays', async () => {
    const before = tf.memory().numTensors
    const batch = createBatch()
    const double: Callback = { beforeBatch: ({ images }) => ({ images: tf.mul(images, 2) }) as unknown as Batch }
    const seen: Batch[] = []
    const hooks = createHooks([
      bind('a', double),
      bind('b', double),
      bind('c', { beforeBatch: (given) => void seen.push(given) }),
    ])
    const after = await hooks.run('beforeBatch', batch)
    expect(seen).toEqual([after])
    expect(after.targets).toBe(batch.targets)
    expect(after.step).toBe(7)
    expect(after.images.dataSync()[0]).toBe(4)
    expect(batch.images.isDisposed).toBe(true)
    tf.dispose([after.images, after.targets])
    expect(tf.memory().numTensors).toBe(before)
  })

  test('taped hooks change scores and loss at once', () => {
    const hooks = createHooks([
      bind('a', { afterPredict: ({ scores }) => ({ scores: tf.mul(scores, 3) as tf.Tensor2D }) }),
    ])
    const scores = tf.tensor2d([[1, 2]])
    expect([...hooks.runTaped('afterPredict', { ...createBatch(), scores }).scores.dataSync()]).toEqual([3, 6])
  })

  const returning = (beforeBatch: unknown) => createHooks([bind('bad', { beforeBatch: beforeBatch as never })])
  test.each([
    ['a number', () => 5, 'number.'],
    ['text', () => 'x', 'string.'],
    ['null', () => null, 'null.'],
    ['a list', () => [], 'a list.'],
    ['an unknown key', (batch: Batch) => ({ ...batch, imgs: 1 }), '"imgs".'],
    [
      'fewer images',
      ({ images }: Batch) => ({ images: tf.slice(images, 0, [1, 3, 3, 1]) }),
      'images [1,3,3,1] and targets [2,2].',
    ],
    [
      'fewer classes',
      ({ targets }: Batch) => ({ targets: tf.slice(targets, 0, [2, 1]) }),
      'images [2,3,3,1] and targets [2,1].',
    ],
    ['no tensor', () => ({ images: [1, 2] }), 'images a list and targets [2,2].'],
  ])('%s is no change of a batch', async (_what, hook, received) => {
    const problem = await problemOf(() => returning(hook).run('beforeBatch', createBatch()))
    expect(problem).toMatchObject({ code: 'E_HOOK_RETURN', received })
    expect(problem.what).toContain('Callback "bad"')
  })

  test('a batch may change its size in pixels', async () => {
    const resize = ({ images }: Batch) => ({ images: tf.image.resizeBilinear(images, [5, 5]) })
    expect((await returning(resize).run('beforeBatch', createBatch())).images.shape).toEqual([2, 5, 5, 1])
  })

  test('a promise from inside the gradient tape is refused, and its failure later ends nothing', async () => {
    const late = async () => {
      throw new Error('late')
    }
    const hooks = createHooks([bind('late', { afterPredict: late as never })])
    const problem = await problemOf(() =>
      hooks.runTaped('afterPredict', { ...createBatch(), scores: tf.zeros([2, 2]) }),
    )
    expect(problem).toMatchObject({ code: 'E_HOOK_RETURN', received: 'a promise.' })
    expect(problem.expected).toContain('cannot be awaited')
    // An unhandled rejection would fail this test run.
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test('events that only tell cannot be answered', async () => {
    const hooks = createHooks([bind('eager', { afterStep: (() => ({ step: 3 })) as never })])
    expect(await problemOf(() => hooks.run('afterStep', { step: 0, params: [] }))).toMatchObject({
      code: 'E_HOOK_RETURN',
      expected: 'nothing: this event cannot be changed.',
    })
  })

  test('gradients keep their number', async () => {
    const hooks = createHooks([bind('short', { afterBackward: () => ({ gradients: [] }) })])
    const payload = { step: 2, params: [], gradients: [tf.scalar(1)] }
    expect(await problemOf(() => hooks.run('afterBackward', payload))).toMatchObject({
      code: 'E_HOOK_RETURN',
      expected: '1, one for each parameter.',
      received: '0.',
    })
  })
})

describe('blame', () => {
  const throwing = (body: () => never | Promise<never>) =>
    createHooks([bind('mixup', { beforeBatch: body, afterPredict: body as never })])
  const boom = () => {
    throw new Error('boom')
  }

  test.each([
    ['at once', boom],
    ['later', async () => boom()],
  ])('an error thrown %s names callback, event and step, and keeps its cause', async (_when, body) => {
    const problem = await problemOf(() => throwing(body).run('beforeBatch', createBatch()))
    expect(problem).toMatchObject({ code: 'E_HOOK', cause: new Error('boom') })
    expect(problem.what).toBe('Callback "mixup" threw in beforeBatch at step 8: boom')
  })

  test('inside the tape as well, and for events without a step', async () => {
    const scores = tf.zeros([2, 2]) as tf.Tensor2D
    const taped = await problemOf(() => throwing(boom).runTaped('afterPredict', { ...createBatch(), scores }))
    expect(taped.what).toBe('Callback "mixup" threw in afterPredict at step 8: boom')
    const hooks = createHooks([bind('a', { cleanup: boom })])
    expect((await problemOf(() => hooks.cleanup())).what).toBe('Callback "a" threw in cleanup: boom')
  })

  test("Tricklab's own errors pass as they are", async () => {
    const own = new TricklabError([{ code: 'E_OUT_WRITE', what: 'Full.' }])
    const hooks = throwing(() => {
      throw own
    })
    await expect(hooks.run('beforeBatch', createBatch())).rejects.toBe(own)
  })
})

test('cleanup and dispose run for every callback, in reverse order, whatever throws', async () => {
  const seen: string[] = []
  const noisy = (name: string): Callback => ({
    cleanup() {
      seen.push(`cleanup ${name}`)
      throw new Error(name)
    },
    dispose() {
      seen.push(`dispose ${name}`)
      throw new Error(`dispose ${name}`)
    },
  })
  const hooks = createHooks([bind('a', noisy('a')), bind('b', noisy('b'))])
  expect((await problemOf(() => hooks.cleanup())).what).toContain('"b" threw in cleanup: b')
  expect(seen).toEqual(['cleanup b', 'dispose b', 'cleanup a', 'dispose a'])
})

test('states go by name; a callback that is there twice keeps both; unknown states are ignored', () => {
  const counter = (start: number) => {
    let count = start
    const setTo = (state: Json) => {
      count = state as number
    }
    return {
      callback: { state: () => count, restore: setTo } satisfies Callback,
      value: () => count,
    }
  }
  const [a, b, c] = [counter(1), counter(2), counter(3)]
  const hooks = createHooks([
    bind('ema', a.callback),
    bind('silent', {}),
    bind('ema', b.callback),
    bind('other', c.callback),
  ])
  expect(hooks.state()).toEqual({ ema: 1, 'ema#2': 2, other: 3 })
  hooks.restore({ ema: 10, 'ema#2': 20, gone: 5 }, {})
  expect([a.value(), b.value(), c.value()]).toEqual([10, 20, 3])
})
