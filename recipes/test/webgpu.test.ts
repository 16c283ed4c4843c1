/** The blocks of the plugins on WebGPU, here on SwiftShader: their values and slopes are those of cpu, which are golden. */
import { type BlockContext, createRegistry, createRng, listParams } from '@tricklab/core'
import { trainable } from '@tricklab/core/params'
import * as tf from '@tricklab/core/tf'
import { prepareEngine } from '@tricklab/engine'
import { noSoftwareGpu, useSoftwareGpu } from '@tricklab/engine/software-gpu'
import { nn } from '@tricklab/nn'
import blurpool from '@tricklab/plugin-blurpool'
import depthwiseExpand from '@tricklab/plugin-depthwise-expand'
import mbconv from '@tricklab/plugin-mbconv'
import mish from '@tricklab/plugin-mish'
import permutedGroups from '@tricklab/plugin-permuted-groups'
import poolFirst from '@tricklab/plugin-pool-first'
import se from '@tricklab/plugin-se'
import ssa from '@tricklab/plugin-ssa'
import twist from '@tricklab/plugin-twist'
import { drawImages } from '@tricklab/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const registry = createRegistry([
  nn,
  blurpool,
  depthwiseExpand,
  mbconv,
  mish,
  permutedGroups,
  poolFirst,
  se,
  ssa,
  twist,
])

type Shape = Partial<Omit<BlockContext, 'init'>>
interface Use {
  readonly use: string
  readonly [option: string]: string | number
}

const cases: readonly (readonly [Use, Shape?])[] = [
  [{ use: 'ssa', order: 'channels' }, { kernelSize: 1 }],
  [{ use: 'ssa', order: 'positions' }, { kernelSize: 1 }],
  [{ use: 'blurpool', operator: 'kornia-0.4' }, { stride: 2 }],
  [{ use: 'blurpool', operator: 'adobe' }, { stride: 2 }],
  [{ use: 'pool-first' }, { outputChannels: 6, stride: 2, activate: true }],
  [{ use: 'pool-first' }, { offers: { expansion: 2 }, activate: true }],
  [{ use: 'se' }, { kernelSize: 1 }],
  [{ use: 'mbconv' }],
  [{ use: 'depthwise-expand' }, { stride: 2, offers: { expansion: 2 } }],
  [{ use: 'twist' }],
  [{ use: 'twist', iters: 3 }],
  [{ use: 'twist', version: 'centres' }],
  [{ use: 'permuted-groups', groups: 4, design: '2-cycles' }, { stride: 2 }],
]

const side = 8

/** Values, and slopes of a weighted sum of them with respect to images and parameters, by name. */
async function evaluate(of: Use, shape: Shape = {}): Promise<Map<string, Float32Array>> {
  const { use, problems } = registry.normalize('block', of, 'test')
  expect(problems).toEqual([])
  const usual = { inputChannels: 8, outputChannels: 8, stride: 1, kernelSize: 3, activate: false }
  const context = { ...usual, ...shape }
  const block = registry.create('block', use, { ...context, init: createRng(1) })
  const params = trainable(listParams(block.params))
  const images = tf.tensor4d(drawImages(2, 2, [side, side, context.inputChannels]), [
    2,
    side,
    side,
    context.inputChannels,
  ])
  // What starts at 0 would hide what stands behind it.
  for (const [i, { value }] of params.entries()) tf.tidy(() => value.assign(tf.add(value, waves(value.shape, i + 1))))
  // Statistics move with every pass in training, so each pass gets the same draws and the values come first.
  const apply = (x: tf.Tensor) => block.apply(x as tf.Tensor4D, { training: true, rng: createRng(3) })
  const tensors = tf.tidy(() => {
    const values = apply(images)
    const weights = waves(values.shape, 9)
    const loss = (x: tf.Tensor) => tf.sum(tf.mul(apply(x), weights)) as tf.Scalar
    const slopes: Record<string, tf.Tensor> = { images: tf.grad(loss)(images) }
    if (params.length > 0) {
      const variables = params.map(({ value }) => value)
      const { grads } = tf.variableGrads(() => loss(images), variables)
      for (const { path, value } of params) slopes[path] = grads[value.name]!
    }
    return { values, ...slopes }
  })
  const read = await Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [name, (await tensor.data()) as Float32Array] as const),
  )
  tf.dispose([images, ...Object.values(tensors)])
  block.dispose()
  return new Map(read)
}

/** Numbers in −.3 … .3, other ones for each key. */
const waves = (shape: number[], key: number) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => 0.3 * Math.sin((i + 1) * 12.9898 * key)),
    shape,
  )

describe.skipIf(noSoftwareGpu !== undefined)(
  `webgpu on SwiftShader${noSoftwareGpu ? `: ${noSoftwareGpu}` : ''}`,
  () => {
    beforeAll(async () => {
      useSoftwareGpu()
      await prepareEngine('webgpu')
    })

    test.each(cases.map(([use, shape]) => ({ use, shape })))(
      '$use, $shape: values and slopes as on cpu',
      async ({ use, shape }) => {
        await prepareEngine('cpu')
        const expected = await evaluate(use, shape)
        await prepareEngine('webgpu')
        const before = tf.memory().numTensors
        const actual = await evaluate(use, shape)
        expect(tf.memory().numTensors).toBe(before)
        expect([...actual.keys()]).toEqual([...expected.keys()])
        for (const [name, reference] of expected) {
          const scale = reference.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6)
          expect(scale, name).toBeGreaterThan(1e-4)
          const worst = Math.max(...actual.get(name)!.map((value, i) => Math.abs(value - reference[i]!)))
          expect(worst / scale, name).toBeLessThan(1e-4)
        }
      },
    )
  },
)
