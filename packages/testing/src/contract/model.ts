import { createRng, type Json, listParams, type Model, type Shape } from '@tricklab/core'
import type { Problem } from '@tricklab/core/errors'
import type { NormalUse, Registry } from '@tricklab/core/plugin'
import { createModel, type NormalModel, normalizeModel } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { drawImages } from '../arbitraries/index.ts'
import { type Check, type ContractProblem, runChecks, type Selection, violate } from './check.ts'
import { forward, init, type NetworkCase, type NetworkTarget, networkChecks, networkFingerprint } from './network.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions, optionSets, registryOf, show, useOf } from './spec.ts'
import { expectSameBits, valuesOf } from './tensors.ts'

export interface ModelSpec extends ComponentSpec {
  /** Shape of the images; default 16 × 16 with 1 channel. */
  readonly imageShape?: Shape
  /** Number of classes; default 5. */
  readonly classes?: number
  /** Slots as a recipe fills them, where they are not the defaults. */
  readonly slots?: { readonly [slot: string]: Json }
  /** Parameters whose first gradient is rightly zero, such as what lies behind a γ that starts at 0. */
  readonly zeroGradient?: readonly string[]
}

/** Runs the contract of a model on the current engine; the problems found, none for a sound model. */
export async function checkModel(spec: ModelSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(modelChecks, spec, selection)
}

export const modelChecks: readonly Check<ModelSpec>[] = [
  ...optionChecks<ModelSpec>('model', (spec, registry, use) => networkFingerprint(caseOf(spec, registry, use))),
  { name: 'scores are [batch, classes]', run: (spec) => forModels(spec, checkScores) },
  { name: 'the layers hold every parameter', run: (spec) => forModels(spec, checkParams) },
  { name: 'the layers one after the other give the scores', run: (spec) => forModels(spec, checkLayers) },
  { name: 'macs is the sum over the layers', run: (spec) => forModels(spec, checkMacs) },
  ...networkChecks.map((check) => ({ name: check.name, run: (spec: ModelSpec) => check.run(targetOf(spec)) })),
]

const shapeOf = ({ imageShape = [16, 16, 1] }: ModelSpec): Shape => imageShape

function build(spec: ModelSpec, registry: Registry, use: NormalUse, rng = init()): Model {
  const context = { imageShape: shapeOf(spec), classes: spec.classes ?? 5, init: rng }
  return createModel(registry, normalOf(spec, registry, use), context)
}

function normalOf({ slots = {} }: ModelSpec, registry: Registry, use: NormalUse): NormalModel {
  const problems: Problem[] = []
  const normal = normalizeModel({ ...use, slots }, registry, 'the contract suite', problems)
  if (problems.length > 0) violate(`the slots ${show(slots)} are refused: ${problems[0]!.code} ${problems[0]!.what}`)
  return normal
}

function caseOf(spec: ModelSpec, registry: Registry, use: NormalUse): NetworkCase {
  return {
    label: `options ${show(use)}`,
    input: shapeOf(spec),
    build: (rng) => build(spec, registry, use, rng),
  }
}

function targetOf(spec: ModelSpec): NetworkTarget {
  const registry = registryOf(spec)
  const uses = optionSets(spec).map((options) => useOf(registry, 'model', spec.name, options))
  return { cases: uses.map((use) => caseOf(spec, registry, use)), zeroGradient: spec.zeroGradient ?? [] }
}

async function forModels(
  spec: ModelSpec,
  body: (model: Model, spec: ModelSpec) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'model', async (registry, use) => {
    const model = build(spec, registry, use)
    try {
      await body(model, spec)
    } finally {
      model.dispose()
    }
  })
}

const imagesOf = (spec: ModelSpec, batch: number) =>
  tf.tensor4d(drawImages(1, batch, shapeOf(spec)), [batch, ...shapeOf(spec)])

function checkScores(model: Model, spec: ModelSpec): void {
  const { classes } = model
  // A source may have trained a wider network than its dataset needs; never a narrower one.
  if (classes < (spec.classes ?? 5)) violate(`the model has ${classes} classes; asked for ${spec.classes ?? 5}`)
  if (show(model.inputShape) !== show(shapeOf(spec))) violate(`inputShape is ${show(model.inputShape)}`)
  for (const batch of [1, 3]) {
    const shape = tf.tidy(() => model.apply(imagesOf(spec, batch), { training: false, rng: forward() }).shape)
    if (show(shape) !== show([batch, classes])) violate(`scores are ${show(shape)}; expected ${show([batch, classes])}`)
  }
}

function checkParams(model: Model): void {
  const inTree = listParams(model.params)
  const inLayers = new Set(model.layers.flatMap(({ block }) => listParams(block.params).map(({ value }) => value)))
  for (const { path, value } of inTree) {
    if (!inLayers.has(value)) violate(`parameter "${path}" is in no layer`)
  }
  if (inLayers.size !== inTree.length)
    violate(`the layers have ${inLayers.size} parameters, the model ${inTree.length}`)
  if (new Set(inTree.map(({ path }) => path)).size !== inTree.length) violate('two parameters have one path')
}

async function checkLayers(model: Model, spec: ModelSpec): Promise<void> {
  for (const training of [false, true]) {
    const rng = createRng(3).scope('forward')
    const [scores, chained] = tf.tidy(() => {
      const images = imagesOf(spec, 2)
      const last = model.layers.reduce<tf.Tensor4D>(
        (x, { name, block }) => block.apply(x, { training, rng: rng.scope(name) }),
        images,
      )
      return [model.apply(images, { training, rng }), tf.clone(last)] as const
    })
    expectSameBits('scores, and the layers one after the other', await valuesOf(scores), await valuesOf(chained))
    tf.dispose([scores, chained])
  }
}

function checkMacs(model: Model, spec: ModelSpec): void {
  let shape = shapeOf(spec)
  let sum = 0
  for (const { block } of model.layers) {
    sum += block.macs(shape)
    shape = block.outputShape(shape)
  }
  const macs = model.macs(shapeOf(spec))
  if (!Number.isFinite(macs) || macs < 0) violate(`macs is ${macs}`)
  if (macs !== sum) violate(`macs is ${macs}, the layers have ${sum}`)
}
