import { type Augmentation, createRng, type Stream } from '@tricklab/core'
import type { ImageSize } from '@tricklab/core/contracts'
import * as tf from '@tricklab/core/tf'
import { referenceArray } from '../reference/reference-array.ts'
import { transformImages } from '../reference/transform-images.ts'
import { type Check, type ContractProblem, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, type OptionSet, registryOf, show, useOf } from './spec.ts'
import { countDifferent, expectNoLeak, expectSameBits, memory, valuesOf } from './tensors.ts'

export interface AugmentationSpec extends ComponentSpec {
  /** Options at which images pass unchanged. */
  readonly off?: OptionSet
}

/** Runs the contract of an augmentation on the current engine; the problems found, none for a sound one. */
export async function checkAugmentation(spec: AugmentationSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(augmentationChecks, spec, selection)
}

const channels = 3
const sizes: readonly ImageSize[] = [
  { width: 9, height: 13 },
  { width: 30, height: 24 },
  { width: 7, height: 7 },
]
// Float32 leaves [0, 1] by its rounding where the weights of an average sum to a little more than 1.
const slack = 1e-6

export const augmentationChecks: readonly Check<AugmentationSpec>[] = [
  ...optionChecks<AugmentationSpec>('augmentation', async (_spec, registry, use) => {
    const augmentation = registry.create('augmentation', use, {})
    return [...(await augment(augmentation, drawPixels(1, 3, sizes[0]!), 1)).values].join()
  }),
  { name: 'off passes images unchanged', run: checkOff },
  {
    name: 'the declared size is the real one, for batches of 1 and of odd sizes',
    run: (spec) =>
      forBatches(spec, async (augmentation, images, seed) => {
        const { width, height } = augmentation.output?.(images) ?? images
        const { shape } = await augment(augmentation, images, seed)
        const expected = [images.batch, height, width, channels]
        if (show(shape) !== show(expected)) {
          violate(`${describe(images)} came out as [${shape}]; declared is [${expected}]`)
        }
      }),
  },
  {
    name: 'pixels stay in [0, 1]',
    run: (spec) =>
      forBatches(spec, async (augmentation, images, seed) => {
        const { values } = await augment(augmentation, images, seed)
        const outside = values.find((value) => !(value >= -slack && value <= 1 + slack))
        if (outside !== undefined) violate(`${describe(images)} got a pixel of ${outside}`)
      }),
  },
  {
    name: 'the same stream gives the same bits, another stream others',
    run: (spec) =>
      forBatches(spec, async (augmentation, images) => {
        const first = await augment(augmentation, images, 1)
        const others = [2, 3, 4, 5, 6, 7, 8, 9].map((seed) => augment(augmentation, images, seed))
        const changed = (await Promise.all(others)).some(({ values }) => countDifferent(values, first.values) !== 0)
        if (!changed) violate(`nine streams change ${describe(images)} in the same way`)
        const again = await augment(augmentation, images, 1)
        expectSameBits(`${describe(images)}, changed twice with one stream`, first.values, again.values)
      }),
  },
  { name: 'the plan says what is done', run: (spec) => forBatches(spec, checkPlan) },
  { name: 'inputs are left as they were', run: (spec) => forBatches(spec, checkInputs) },
  {
    name: 'no tensor is left over',
    run: (spec) =>
      forBatches(spec, async (augmentation, images, seed) => {
        const before = memory()
        await augment(augmentation, images, seed)
        expectNoLeak('after a batch', before)
      }),
  },
]

/** A batch of RGB images. */
interface Images extends ImageSize {
  readonly batch: number
  readonly values: Float32Array
}

const streamOf = (seed: number): Stream => createRng(seed).at('augment')

const describe = ({ batch, width, height }: Images) => `a batch of ${batch} images of ${width} × ${height}`

/** Bytes as fractions: uniform noise, and a tenth of the pixels black or white, as photos have them. */
function drawPixels(seed: number, batch: number, size: ImageSize): Images {
  const stream = createRng(seed).at('pixels')
  const draw = () => {
    const byte = stream.integer(256)
    const extreme = stream.integer(10) === 0
    return Math.fround((extreme ? 255 * Math.round(byte / 255) : byte) / 255)
  }
  return { ...size, batch, values: Float32Array.from({ length: batch * size.width * size.height * channels }, draw) }
}

const tensorOf = ({ batch, width, height, values }: Images) => tf.tensor4d(values, [batch, height, width, channels])

async function augment(augmentation: Augmentation, images: Images, seed: number) {
  const input = tensorOf(images)
  // A clone, so that an augmentation that hands back its input does not lose it here.
  const result = tf.tidy(() => tf.clone(augmentation.apply(input, streamOf(seed))))
  const found = { shape: result.shape, values: await valuesOf(result) }
  tf.dispose([input, result])
  return found
}

async function forBatches(
  spec: AugmentationSpec,
  body: (augmentation: Augmentation, images: Images, seed: number) => Promise<void>,
): Promise<void> {
  await forOptions(spec, 'augmentation', async (registry, use) => {
    const augmentation = registry.create('augmentation', use, {})
    for (const [index, size] of sizes.entries()) {
      for (const batch of [1, 3]) await body(augmentation, drawPixels(index, batch, size), 10 * index + batch)
    }
  })
}

async function checkOff(spec: AugmentationSpec): Promise<void> {
  if (spec.off === undefined) return
  const registry = registryOf(spec)
  const augmentation = registry.create('augmentation', useOf(registry, 'augmentation', spec.name, spec.off), {})
  for (const size of sizes) {
    const images = drawPixels(1, 3, size)
    const { shape, values } = await augment(augmentation, images, 1)
    if (shape[1] !== size.height || shape[2] !== size.width) violate(`off changes ${describe(images)} to [${shape}]`)
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - images.values[i]!)), 0)
    if (!(worst <= 1e-5)) violate(`off changes pixels of ${describe(images)} by up to ${worst}`)
  }
}

async function checkPlan(augmentation: Augmentation, images: Images, seed: number): Promise<void> {
  const { batch, width, height, values } = images
  const transforms = augmentation.plan?.(streamOf(seed), batch, { width, height })
  if (transforms === undefined) return
  if (transforms.length !== batch) violate(`the plan for ${describe(images)} has ${transforms.length} entries`)
  const output = augmentation.output?.({ width, height }) ?? { width, height }
  const planned = transformImages(referenceArray([batch, height, width, channels], values), transforms, output).data
  const done = await augment(augmentation, images, seed)
  if (done.values.length !== planned.length) {
    violate(`the plan for ${describe(images)} gives ${planned.length} numbers, apply ${done.values.length}`)
  }
  const index = planned.findIndex((value, i) => !(Math.abs(value - done.values[i]!) <= 1e-3))
  if (index < 0) return
  violate(`element ${index} of ${describe(images)}: the plan gives ${planned[index]}, apply ${done.values[index]}`)
}

async function checkInputs(augmentation: Augmentation, images: Images, seed: number): Promise<void> {
  const input = tensorOf(images)
  const kept = tf.clone(input)
  const same = tf.tidy(() => augmentation.apply(input, streamOf(seed)).id === input.id)
  if (same) violate('the images themselves come back; expected a new tensor')
  if (input.isDisposed) violate('the images were disposed of')
  expectSameBits('the images', images.values, await valuesOf(kept))
  tf.dispose([input, kept])
}
