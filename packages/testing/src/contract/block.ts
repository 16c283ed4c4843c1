import type { Block, BlockContext, Shape } from '@tricklab/core'
import type { NormalUse, Plugin, Registry } from '@tricklab/core/plugin'
import * as tf from '@tricklab/core/tf'
import fc from 'fast-check'
import { drawImages, shapes } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, forAll, isShapeError, runChecks, type Selection, violate } from './check.ts'
import { forward, init, type NetworkCase, type NetworkTarget, networkChecks, networkFingerprint } from './network.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, optionSets, registryOf, show, useOf } from './spec.ts'

/** What a slot may ask of a block, all but the initialisation. */
export type BlockShape = Omit<BlockContext, 'init'>

export interface BlockSpec extends ComponentSpec {
  readonly plugin: Plugin
  /** Contexts for the check of shapes; default: 1 to 5 channels, stride 1 or 2, kernels 1, 3 and 5. */
  readonly contexts?: fc.Arbitrary<BlockShape>
  /** Contexts for all other checks; default: stride 1 and 2, channels kept and changed. */
  readonly examples?: readonly BlockShape[]
  /** Height and width of the images of all other checks; default 8 × 8. */
  readonly imageSize?: readonly [height: number, width: number]
  /** Sizes of images for the check of shapes; default 1 to 16. */
  readonly sizes?: readonly [min: number, max: number]
  /** Cases of the check of shapes; default 60. */
  readonly runs?: number
  /** Parameters whose first gradient is rightly zero, such as what lies behind a γ that starts at 0. */
  readonly zeroGradient?: readonly string[]
}

const anyContext: fc.Arbitrary<BlockShape> = fc.record({
  inputChannels: fc.integer({ min: 1, max: 5 }),
  outputChannels: fc.integer({ min: 1, max: 5 }),
  stride: fc.constantFrom(1, 2),
  kernelSize: fc.constantFrom(1, 3, 5),
  activate: fc.boolean(),
})

const usualContexts: readonly BlockShape[] = [
  { inputChannels: 3, outputChannels: 3, stride: 1, kernelSize: 3, activate: true },
  { inputChannels: 3, outputChannels: 4, stride: 2, kernelSize: 3, activate: false },
]

/** Runs the contract of a block on the current engine; the problems found, none for a sound block. */
export async function checkBlock(spec: BlockSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(blockChecks, spec, selection)
}

export const blockChecks: readonly Check<BlockSpec>[] = [
  ...optionChecks<BlockSpec>('block', async (spec, registry, use) => {
    const fingerprints = casesOf(spec, registry, use).map((networkCase) => networkFingerprint(networkCase))
    return (await Promise.all(fingerprints)).join()
  }),
  { name: 'outputShape is the shape of the output', run: checkShapes },
  {
    name: 'macs is a finite number from 0 that grows with the image',
    run: (spec) => checkCount('macs', (block, input) => block.macs(input))(spec),
  },
  {
    name: 'what it keeps is a finite number from 0 that grows with the image',
    run: (spec) => checkCount('kept', (block, input) => block.kept?.(input).inside ?? 0)(spec),
  },
  ...networkChecks.map((check) => ({
    name: check.name,
    run: (spec: BlockSpec) => check.run(targetOf(spec)),
  })),
]

function create(registry: Registry, use: NormalUse, context: BlockShape, rng = init()): Block {
  return registry.create('block', use, { ...context, init: rng })
}

function casesOf({ examples = usualContexts, imageSize = [8, 8] }: BlockSpec, registry: Registry, use: NormalUse) {
  return examples.map(
    (context): NetworkCase => ({
      label: `options ${show(use)}, context ${show(context)}`,
      input: [...imageSize, context.inputChannels],
      build: (rng) => create(registry, use, context, rng),
    }),
  )
}

function targetOf(spec: BlockSpec): NetworkTarget {
  const registry = registryOf(spec)
  const uses = optionSets(spec).map((options) => useOf(registry, 'block', spec.name, options))
  return { cases: uses.flatMap((use) => casesOf(spec, registry, use)), zeroGradient: spec.zeroGradient ?? [] }
}

async function checkShapes(spec: BlockSpec): Promise<void> {
  const { contexts = anyContext, sizes = [1, 16], runs = 60 } = spec
  const cases = fc.tuple(contexts, shapes({ size: sizes }))
  await forOptions(spec, 'block', (registry, use) =>
    forAll(cases, runs, ([context, [height, width]]) => {
      const block = orSkip(() => create(registry, use, context))
      try {
        for (const training of [false, true]) expectShape(block, [height, width, context.inputChannels], training)
      } finally {
        block.dispose()
      }
    }),
  )
}

function expectShape(block: Block, input: Shape, training: boolean): void {
  const declared = orUndefined(() => block.outputShape(input))
  const real = orUndefined(() => outputShape(block, input, training))
  if (declared === undefined && real !== undefined) {
    violate(`outputShape refuses ${show(input)}, but apply gave ${show(real)}`)
  }
  // A shape may fit and a training step still be impossible, such as a batch norm over a single value.
  fc.pre(declared !== undefined && real !== undefined)
  if (show(declared) !== show(real)) {
    violate(`outputShape says ${show(declared)} but apply gave ${show(real)} for input ${show(input)}`)
  }
}

function outputShape(block: Block, input: Shape, training: boolean): readonly number[] {
  return tf.tidy(() => {
    const images = tf.tensor4d(drawImages(1, 2, input), [2, ...input])
    const [batch, ...shape] = block.apply(images, { training, rng: forward() }).shape
    return batch === 2 ? shape : violate(`apply gave ${batch} images for 2`)
  })
}

/** The result, or undefined where the component says that it cannot take these shapes. */
function orUndefined<T>(compute: () => T): T | undefined {
  try {
    return compute()
  } catch (error) {
    if (isShapeError(error)) return undefined
    throw error
  }
}

/** The result; the case is left out where the component says that it cannot take these shapes. */
function orSkip<T>(compute: () => T): T {
  const result = orUndefined(compute)
  fc.pre(result !== undefined)
  return result as T
}

/** A count of one image: a finite number from 0, the same each time, and no smaller for a larger image. */
function checkCount(name: string, countOf: (block: Block, input: Shape) => number) {
  return async (spec: BlockSpec): Promise<void> => {
    const { examples = usualContexts, imageSize = [8, 8] } = spec
    const [height, width] = imageSize
    await forOptions(spec, 'block', (registry, use) => {
      for (const context of examples) {
        const block = create(registry, use, context)
        const count = (factor: number) => countOf(block, [height * factor, width * factor, context.inputChannels])
        try {
          const [small, again, large] = [count(1), count(1), count(2)] as const
          if (!Number.isFinite(small) || small < 0) violate(`${name} is ${small} for ${show(context)}`)
          if (small !== again) violate(`${name} is ${small} at first and ${again} when asked again`)
          if (large < small) violate(`${name} falls from ${small} to ${large} when height and width double`)
        } finally {
          block.dispose()
        }
      }
    })
  }
}
