import { createRegistry, createRng, definePlugin, type Json, listParams } from '@tricklab/core'
import type { FilledSlot, SlotReader } from '@tricklab/core/plugin'
import { createModel as createCoreModel, normalizeModel, type TableDefinition } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { type EngineName, prepareEngine } from '@tricklab/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { createCrossEntropy, createResidualBranch, nn, type PlaceContext } from '../src/index.ts'
import {
  chirp,
  contextOf,
  createBlock,
  createModel,
  deviation,
  differentiate,
  fillParam,
  readGolden,
} from './helpers.ts'

interface Description {
  norm: number
  first: number[]
}

interface Case {
  options: { layers: number[]; expansion: number; outputs: number }
  classes: number
  shapes: Record<string, number[]>
  evaluated: number[]
  trained: number[]
  loss: number
  gradients: Record<string, Description>
  running: Record<string, Description>
}

const { cases } = readGolden<{ cases: Case[] }>('xresnet')
const tiny = { layers: [1, 2], widths: [3, 4], stemWidths: [3, 4], expansion: 2 }

describe.each<EngineName>(['cpu', 'wasm'])('on %s', (engine) => {
  beforeAll(async () => {
    await prepareEngine(engine)
  })

  test.each(cases)('$options: scores, gradients and running statistics are those of PyTorch', (golden) => {
    const { options, classes } = golden
    const model = createModel('xresnet50', { options, imageShape: [35, 35, 3], classes })
    const params = listParams(model.params)
    const order = Object.keys(golden.shapes)
    expect(Object.fromEntries(params.map(({ path, value }) => [path, value.shape]))).toEqual(golden.shapes)
    for (const param of params) fillParam(param, order.indexOf(param.path))
    const images = chirp<tf.Rank.R4>([3, 35, 35, 3], 0.5)
    const targets = tf.tidy(() =>
      tf.pad(tf.softmax(chirp<tf.Rank.R2>([3, classes], 0.25, 2)), [
        [0, 0],
        [0, options.outputs - classes],
      ]),
    )

    const evaluated = tf.tidy(() => model.apply(images, contextOf(false)).dataSync())
    expect(deviation(evaluated, golden.evaluated)).toBeLessThan(3e-6)
    let trained: Float32Array | undefined
    const { value, gradients } = differentiate(model.params, () => {
      const scores = model.apply(images, contextOf(true))
      trained = scores.dataSync() as Float32Array
      return createCrossEntropy().apply(scores, targets)
    })
    expect(deviation(trained!, golden.trained)).toBeLessThan(5e-6)
    expect(deviation([value], [golden.loss])).toBeLessThan(3e-6)
    for (const [path, expected] of Object.entries(golden.gradients)) expectLike(path, gradients[path]!, expected)
    for (const { path, value } of params) {
      if (golden.running[path] !== undefined) expectLike(path, value.dataSync(), golden.running[path])
    }
    tf.dispose([images, targets])
    model.dispose()
  })
})

/** Norm within 2e-5 of itself; single values within 5e-5 of their root mean square. */
function expectLike(path: string, actual: ArrayLike<number>, { norm, first }: Description): void {
  const values = Array.from(actual)
  const actualNorm = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  expect(Math.abs(actualNorm / norm - 1), `${path} norm`).toBeLessThan(2e-5)
  const typical = norm / Math.sqrt(values.length)
  for (const [index, expected] of first.entries()) {
    expect(Math.abs(values[index]! - expected) / typical, `${path}[${index}]`).toBeLessThan(5e-5)
  }
}

describe('xresnet', () => {
  beforeAll(async () => {
    await prepareEngine('cpu')
  })

  test.each([
    [1, 4, 4, 1],
    [2, 4, 6, 1],
    [2, 4, 4, 2],
  ])(
    'a block with stride %i from %i to %i channels starts as its shortcut',
    (stride, inputChannels, outputChannels, expansion) => {
      const block = createBlock('xresnet-block', { stride, inputChannels, outputChannels, offers: { expansion } })
      const images = chirp<tf.Rank.R4>([2, 5, 5, inputChannels], 0.3)
      const gammas = listParams(block.params).filter(({ path }) => /^norm\d\/gamma$/.test(path))
      expect(gammas.map(({ value }) => value.dataSync()[0])).toEqual([...Array(gammas.length - 1).fill(1), 0])
      for (const training of [true, false]) {
        const before = tf.tidy(() => block.apply(images, contextOf(training)).dataSync())
        // Whatever the branch's convolutions hold, γ = 0 keeps it out.
        for (const { path, value } of listParams(block.params)) {
          if (/^conv\d/.test(path)) value.assign(tf.tidy(() => tf.mul(value, 3)))
        }
        expect(
          deviation(
            tf.tidy(() => block.apply(images, contextOf(training)).dataSync()),
            before,
          ),
        ).toBe(0)
      }
      if (stride === 1 && inputChannels === outputChannels) {
        const relu = tf.tidy(() => tf.relu(images).dataSync())
        expect(
          deviation(
            tf.tidy(() => block.apply(images, contextOf(true)).dataSync()),
            relu,
          ),
        ).toBe(0)
      }
      images.dispose()
      block.dispose()
    },
  )

  test('halves images five times', () => {
    const model = createModel('xresnet18', { options: { widths: [1, 1, 1, 1] }, imageShape: [64, 64, 3] })
    let shape = model.inputShape
    for (const { block } of model.layers.slice(0, -1)) shape = block.outputShape(shape)
    expect(shape).toEqual([2, 2, 1])
    model.dispose()
  })

  test('weights are kaiming-normal (fan in), biases 0', () => {
    const model = createModel('xresnet18', { options: { layers: [1], widths: [64] }, imageShape: [8, 8, 3] })
    for (const { path, role, value } of listParams(model.params)) {
      const values = Array.from(value.dataSync())
      if (role === 'bias') expect(values.every((entry) => entry === 0)).toBe(true)
      if (role !== 'weight') continue
      const fan = value.shape.slice(0, -1).reduce((a, b) => a * b, 1)
      const deviation = Math.sqrt(values.reduce((sum, entry) => sum + entry ** 2, 0) / values.length)
      expect(Math.abs(deviation / Math.sqrt(2 / fan) - 1), path).toBeLessThan(4 / Math.sqrt(2 * values.length))
    }
    model.dispose()
  })

  test('slots take other components, at the places that the recipe names', () => {
    const types = (slots: NonNullable<Parameters<typeof createModel>[1]>['slots'] = {}) => {
      const model = createModel('xresnet50', { options: tiny, imageShape: [32, 32, 3], slots })
      const layers = Object.fromEntries(
        model.layers.map(({ name, type, block }) => [name, { type, names: Object.keys(block.params) }]),
      )
      const scores = tf.tidy(() =>
        Array.from(model.apply(chirp<tf.Rank.R4>([2, 32, 32, 3], 0), contextOf(true)).dataSync()),
      )
      model.dispose()
      return { layers, scores }
    }
    const plain = types()
    const attended = (where: string) =>
      Object.entries(types({ attention: { use: 'conv2d', where } }).layers)
        .filter(([, { names }]) => names.includes('attention'))
        .map(([name]) => name)
    expect(attended('stage1-last')).toEqual(['stage1/block1'])
    expect(attended('stage2-last')).toEqual(['stage2/block2'])
    expect(attended('every-block')).toEqual(['stage1/block1', 'stage2/block1', 'stage2/block2'])

    const pools = (where: string) => types({ pool: { use: 'average-pool', where } })
    expect(pools('stem').layers.pool!.type).toBe('average-pool')
    // The shortcut has this pool anyway, so there nothing changes.
    expect(pools('shortcut')).toEqual(plain)
    expect(pools('everywhere')).toEqual(pools('stem'))
    expect(types({ pool: { use: 'max-pool', where: 'shortcut' } }).scores).not.toEqual(plain.scores)
    expect(types({ pool: { use: 'max-pool', where: 'stem' } })).toEqual(plain)

    expect(types({ act: { use: 'leaky-relu', slope: 0.2 } }).scores).not.toEqual(plain.scores)
    expect(types({ act: { use: 'leaky-relu', slope: 0 } }).scores).toEqual(
      plain.scores.map((score) => expect.closeTo(score, 5)),
    )
    expect(types({ conv: { use: 'conv2d', bias: true } }).layers['stage1/block1']!.names).toContain('conv2')
    expect(types({ stem: 'conv' }).layers.stem).toMatchObject({ type: 'conv' })
    expect(types({ residual: 'conv' }).layers['stage2/block2']).toMatchObject({ type: 'conv' })
  })

  test('several attentions stand one behind the other; the first keeps its name', () => {
    const named = (attention: Json) => {
      const model = createModel('xresnet50', { options: tiny, imageShape: [32, 32, 3], slots: { attention } })
      const paths = listParams(model.params).flatMap(({ path }) => (path.includes('attention') ? [path] : []))
      model.dispose()
      return paths
    }
    const alone = named('conv2d')
    expect(alone).toHaveLength(3)
    expect(named(['conv2d'])).toEqual(alone)
    const two = named(['conv2d', { use: 'conv2d', bias: true, where: 'stage1-last' }])
    expect(two.filter((path) => !path.includes('attention2'))).toEqual(alone)
    expect(two.filter((path) => path.includes('attention2'))).toEqual(
      ['weight', 'bias'].map((name) => `stage1/block1/attention2/${name}`),
    )

    const map = (change: (x: tf.Tensor4D) => tf.Tensor4D): FilledSlot => ({
      use: 'map',
      create: () => ({ params: {}, outputShape: (shape) => shape, macs: () => 0, apply: change, dispose() {} }),
    })
    const uses = [map((x) => tf.add(x, 1)), map((x) => tf.mul(x, 2))]
    const slots = { ...plainSlots, slotUses: (name: string) => (name === 'attention' ? uses : []) } as SlotReader
    const context = { inputChannels: 2, outputChannels: 2, kernelSize: 3, stride: 1, activate: false, slots }
    const branch = createResidualBranch({ ...context, init: createRng(1) })
    const outcome = tf.tidy(() => Array.from(branch.apply(tf.ones([2, 2, 2, 2]), contextOf(true)).dataSync()))
    // γ of the last norm is 0, so that (0 + 1) · 2 is what comes out.
    expect(outcome).toEqual(Array.from({ length: 16 }, () => 2))
    branch.dispose()
  })

  test('the slot `swap` is offered every convolution, with its groups; one that hands back the original changes nothing', () => {
    const seen: string[] = []
    const spy = definePlugin({
      name: 'spy',
      core: '*',
      register: (on) =>
        on.block('spy', {
          doc: 'Notes what it is offered.',
          options: {},
          create(
            _options,
            { inputChannels, outputChannels, kernelSize, offers: { groups, original } = {} }: PlaceContext,
          ) {
            seen.push(`${inputChannels}-${outputChannels} ${kernelSize}x${kernelSize} ${groups}`)
            return original!()
          },
        }),
    })
    const registry = createRegistry([nn, spy])
    const scores = (slots: Record<string, Json>) => {
      const options = { layers: [1], widths: [4], stemWidths: [4, 6], expansion: 2 }
      const branch = { use: 'resnext-branch', groups: 3, baseWidth: 32 }
      const normal = normalizeModel({ use: 'xresnet50', ...options, slots: { branch, ...slots } }, registry, 'test', [])
      const model = createCoreModel(registry, normal, { imageShape: [8, 8, 3], classes: 2, init: createRng(1) })
      const result = tf.tidy(() => model.apply(chirp<tf.Rank.R4>([2, 8, 8, 3], 0), contextOf(true)).dataSync())
      model.dispose()
      return result
    }
    expect(scores({ swap: 'spy' })).toEqual(scores({}))
    expect(seen).toEqual(['3-4 3x3 1', '4-6 3x3 1', '6-6 1x1 1', '6-6 3x3 3', '6-8 1x1 1', '6-8 1x1 1'])
  })

  test("ResNeXt's branch: widths and groups; refuses groups without channels, and a bias in groups", () => {
    const shapes = (context: object) => {
      const block = createBlock('resnext-branch', { inputChannels: 64, outputChannels: 64, ...context })
      const found = listParams(block.params).filter(({ path }) => path.startsWith('conv'))
      block.dispose()
      return found.map(({ value }) => value.shape)
    }
    // As fastai's notebooks print xse_resnext18: 64 to 128 channels in 32 groups, and back in one.
    expect(shapes({})).toEqual([
      [3, 3, 2, 128],
      [3, 3, 128, 64],
    ])
    // As torchvision's resnext50_32x4d: 128 channels inside the first stage.
    expect(shapes({ outputChannels: 256, offers: { expansion: 4 } })).toEqual([
      [1, 1, 64, 128],
      [3, 3, 4, 128],
      [1, 1, 128, 256],
    ])
    expect(() => shapes({ outputChannels: 8 })).toThrow('[E_SHAPE] block "resnext-branch": base width 4')
    expect(() =>
      createBlock('conv2d', { inputChannels: 4, outputChannels: 4, offers: { groups: 2 } }, { bias: true }),
    ).toThrow('[E_OPTION_RANGE] The block "conv2d" cannot have a bias')
  })

  test('refuses stages that do not fit together, and attention in a stage that is not there', () => {
    const build =
      (options: object, slots = {}) =>
      () =>
        createModel('xresnet50', { options, slots, imageShape: [32, 32, 3] })
    expect(build({ ...tiny, widths: [3] })).toThrow('[E_OPTION_RANGE] xresnet: `layers` and `widths`')
    expect(build({ ...tiny, stemWidths: [] })).toThrow('[E_OPTION_RANGE]')
    expect(build(tiny, { attention: { use: 'conv2d', where: 'stage3-last' } })).toThrow('the model has only 2 stages')
  })
})

/** Only what must stand somewhere. */
const plainSlots: SlotReader = {
  slot: (name) => ({
    use: name,
    create: ((context: never) => createBlock(name === 'conv' ? 'conv2d' : 'batch-norm', context)) as never,
  }),
  optionalSlot: () => undefined,
  slotUses: () => [],
}

test('types: slots and places are checked where the recipe is written', () => {
  const model = (model: NonNullable<TableDefinition<readonly [typeof nn]>['base']['model']>) => model
  model({ use: 'xresnet50', outputs: 1000, slots: { pool: 'max-pool', act: 'leaky-relu', attention: null } })
  model({
    use: 'xresnet18',
    slots: { attention: { use: 'conv2d', where: 'stage1-last' }, norm: { use: 'batch-norm' } },
  })
  // @ts-expect-error an activation in a block slot
  model({ use: 'xresnet50', slots: { pool: 'relu' } })
  model({ use: 'xresnet50', slots: { attention: ['conv2d', { use: 'batch-norm', where: 'stage1-last' }] } })
  // @ts-expect-error there is no fifth stage, in a list either
  model({ use: 'xresnet50', slots: { attention: ['conv2d', { use: 'conv2d', where: 'stage5-last' }] } })
  // @ts-expect-error there is no fifth stage
  model({ use: 'xresnet50', slots: { attention: { use: 'conv2d', where: 'stage5-last' } } })
  // @ts-expect-error a residual network needs its blocks
  model({ use: 'xresnet50', slots: { residual: null } })
  // @ts-expect-error there is no such option
  model({ use: 'xresnet50', output: 1000 })
  // @ts-expect-error this model has no slots
  model({ use: 'resnet18', slots: { block: 'conv' } })
  // @ts-expect-error this model has another slot
  model({ use: 'slowai-cnn', slots: { blok: 'conv' } })
})
