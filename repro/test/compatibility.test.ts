import { type Block, type Callback, definePlugin, defineTable, opt, TricklabError } from '@tricklab/core'
import { coreVersion, type Plugin, type Registrar } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import { data } from '@tricklab/data'
import { prepareEngine } from '@tricklab/engine'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import { train as trainTable } from '@tricklab/train'
import { beforeAll, expect, test } from 'vitest'

beforeAll(async () => {
  await prepareEngine('cpu')
})

const theirs = (register: (on: Registrar) => never | object, more: object = {}): Plugin =>
  definePlugin({ name: 'theirs', core: '*', register: register as never, ...more })

interface Change {
  readonly callbacks?: readonly string[]
  readonly loss?: string
  readonly optimizer?: object
  readonly metrics?: readonly string[]
  readonly model?: object
}

/** Trains a row that uses somebody's plugin, from the table to the last step, and returns what it was ended by. */
async function train(plugins: readonly Plugin[], change: Change = {}, epochs = 3) {
  const table = defineTable({
    id: 'compatibility',
    title: 'Plugins of others',
    source: 'nowhere',
    plugins: [data, nn, optim, ...plugins],
    base: {
      data: {
        dataset: { use: 'synthetic', classes: 2, imageSize: 8, trainSize: 64, validSize: 4 },
        normalize: { kind: 'none' },
        shuffle: false,
        dropLast: false,
      },
      model: { use: 'slowai-cnn', widths: [2, 2, 2, 2] },
      loss: 'cross-entropy',
      optimizer: { use: 'sgd', learningRate: 0.01 },
      schedule: 'constant',
      metrics: ['accuracy'],
      epochs,
      batchSize: 4,
      seeds: [1],
      ...change,
    } as never,
    rows: { row: {} },
  })
  try {
    const { dispose } = await trainTable(table)
    dispose()
  } catch (error) {
    if (!(error instanceof TricklabError)) throw error
    return { ...error.problems[0]!, exit: error.exitCode }
  }
  return undefined
}

const callback = (hooks: Callback) => (on: Registrar) =>
  on.callback('trick', { doc: 'Theirs.', options: {}, stage: 'augment', create: () => hooks })
const use = { callbacks: ['trick'] }

test('a sound plugin trains', async () => {
  expect(await train([theirs(callback({ afterStep() {} }))], use, 1)).toBeUndefined()
})

test.each(['^99.0.0', `<${coreVersion}`])('a plugin for core %s', async (core) => {
  expect(await train([theirs(callback({}), { core })])).toMatchObject({
    code: 'E_PLUGIN_CORE_RANGE',
    exit: 2,
    what: 'Plugin "theirs" does not support this version of @tricklab/core.',
    expected: `core ${core}.`,
    received: `core ${coreVersion}.`,
  })
})

test.each([undefined, 1, 'newest of all'])('a plugin whose range of core is %j', async (core) => {
  expect(await train([theirs(callback({}), { core })])).toMatchObject({
    code: 'E_PLUGIN_CORE_RANGE',
    exit: 2,
    what: expect.stringContaining('"theirs" does not say which versions'),
  })
})

test('two plugins that claim one name, and two that claim one component', async () => {
  const [one, two] = [theirs(callback({}), { version: '1.0.0' }), theirs(callback({}), { version: '2.0.0' })]
  expect(await train([one, two])).toMatchObject({
    code: 'E_PLUGIN_CLASH',
    exit: 2,
    received: '"theirs" 1.0.0 and "theirs" 2.0.0.',
  })
  const other = { ...one, name: 'others' }
  expect(await train([one, other])).toMatchObject({ code: 'E_PLUGIN_CLASH', exit: 2, received: 'theirs, others.' })
})

test('a plugin that throws while registering, or registers half of a component', async () => {
  const boom = () => {
    throw new Error('boom')
  }
  expect(await train([theirs(boom)])).toMatchObject({
    code: 'E_PLUGIN_REGISTER',
    exit: 2,
    what: 'Plugin "theirs" threw while registering: boom.',
  })
  const half = theirs((on) => on.callback('trick', { doc: 'No create.', options: {} } as never))
  expect(await train([half])).toMatchObject({
    code: 'E_PLUGIN_REGISTER',
    exit: 2,
    what: 'Plugin "theirs" registers the callback "trick" without its options or its create.',
  })
})

test('a component that throws while it is built', async () => {
  const broken = theirs((on) =>
    on.loss('broken', {
      doc: 'Theirs.',
      options: {},
      create() {
        throw new TypeError('no such thing')
      },
    }),
  )
  expect(await train([broken], { loss: 'broken' })).toMatchObject({
    code: 'E_COMPONENT',
    exit: 4,
    what: 'The loss "broken" of plugin "theirs" threw in create: no such thing',
    fix: 'report it to the author of "theirs", or leave the loss out of the recipe.',
    cause: expect.any(TypeError),
  })
})

test.each(['beforeBatch', 'afterPredict', 'afterBackward', 'afterStep'] as const)(
  'a hook that throws in %s names plugin, event and step',
  async (event) => {
    const hook = ({ step }: { step: number }) => {
      if (step === 5) throw new Error('boom')
    }
    expect(await train([theirs(callback({ [event]: hook } as Callback))], use)).toMatchObject({
      code: 'E_HOOK',
      exit: 4,
      what: `Callback "trick" of plugin "theirs" threw in ${event} at step 6: boom`,
      fix: 'report it to the author of "theirs", or leave the callback out of the recipe.',
    })
  },
)

test('a hook that returns a batch of another shape', async () => {
  const half: Callback = { beforeBatch: (batch) => ({ ...batch, images: tf.slice(batch.images, 0, [2, -1, -1, -1]) }) }
  expect(await train([theirs(callback(half))], use)).toMatchObject({
    code: 'E_HOOK_RETURN',
    exit: 4,
    what: 'Callback "trick" of plugin "theirs" returned a batch of another shape from beforeBatch at step 1.',
    received: 'images [2,8,8,1] and targets [4,2].',
  })
})

test.each([
  ['beforeBatch', 'the last at step 31'],
  ['afterStep', 'the last at step 32'],
  ['afterBatch', 'the last at step 31'],
] as const)('a hook that leaves tensors behind in %s', async (event, place) => {
  const leaky = { [event]: () => void [tf.scalar(1), tf.scalar(2)] } as Callback
  expect(await train([theirs(callback(leaky))], use)).toMatchObject({
    code: 'E_HOOK_LEAK',
    exit: 4,
    what: `Callback "trick" of plugin "theirs" leaves tensors behind in ${event}, ${place}.`,
    received: '64 more tensors after 32 calls in a row.',
  })
})

test('tensors that a hook keeps as its state, replaces or hands over are no leak', async () => {
  let kept: tf.Tensor = tf.scalar(0)
  const sound: Callback = {
    beforeBatch: (batch) => ({ ...batch, images: tf.mul(batch.images, 2), targets: tf.clone(batch.targets) }),
    afterBackward: ({ gradients }) => ({ gradients: gradients.map((gradient) => tf.mul(gradient, 0.5)) }),
    afterStep() {
      kept.dispose()
      kept = tf.scalar(1)
    },
    afterPredict: ({ scores }) => ({ scores: tf.mul(scores, 2) as tf.Tensor2D }),
  }
  expect(await train([theirs(callback(sound))], use)).toBeUndefined()
  kept.dispose()
})

/** A block without parameters that does as it is told. */
const block = (apply: Block['apply']) => (on: Registrar) =>
  on.block('odd', {
    doc: 'Theirs.',
    options: {},
    create: (_options, { outputChannels, stride }) => ({
      params: {},
      outputShape: ([height, width]) => [Math.ceil(height / stride), Math.ceil(width / stride), outputChannels],
      macs: () => 0,
      apply,
      dispose() {},
    }),
  })
const filled = { model: { use: 'slowai-cnn', widths: [2, 2, 2, 2], slots: { block: 'odd' } } }

test('a block that puts out another shape than it declares', async () => {
  expect(await train([theirs(block((images) => tf.mul(images, 1)))], filled)).toMatchObject({
    code: 'E_BLOCK_RETURN',
    exit: 4,
    what: 'In layers/0: The block "odd" of plugin "theirs" returned another shape in apply at step 1 than its outputShape says.',
    expected: '[4, 4, 4, 2] for images [4, 8, 8, 1].',
    received: '[4, 8, 8, 1].',
  })
})

test.each([
  [
    'block',
    filled,
    block(() => tf.reshape(tf.ones([2]), [3]) as never),
    'In layers/0: The block "odd" of plugin "theirs" threw in apply at step 1: ',
  ],
  [
    'loss',
    { loss: 'odd' },
    (on: Registrar) => on.loss('odd', { doc: '', options: {}, create: () => ({ apply: () => raise() }) }),
    'The loss "odd" of plugin "theirs" threw in apply at step 1: boom',
  ],
  [
    'optimizer',
    { optimizer: { use: 'odd', learningRate: 1 } },
    optimizer,
    'The optimizer "odd" of plugin "theirs" threw in step at step 1: boom',
  ],
  ['metric', { metrics: ['odd'] }, metric, 'The metric "odd" of plugin "theirs" threw in update: boom'],
])('a %s that throws', async (_kind, change, register, what) => {
  const problem = await train([theirs(register as never)], change)
  expect(problem).toMatchObject({ code: 'E_COMPONENT', exit: 4 })
  expect(problem!.what).toContain(what)
})

function raise(): never {
  throw new Error('boom')
}

function optimizer(on: Registrar) {
  const nothing = { state: () => ({}), restore() {}, dispose() {} }
  const learningRate = opt.number({ default: 1, doc: 'Rate.' })
  return on.optimizer('odd', { doc: '', options: { learningRate }, create: () => ({ step: raise, ...nothing }) })
}

function metric(on: Registrar) {
  const nothing = { compute: () => 0, reset() {}, state: () => null, restore() {} }
  const create = () => ({ name: 'odd', better: 'higher' as const, update: async () => raise(), ...nothing })
  return on.metric('odd', { doc: '', options: {}, create })
}
