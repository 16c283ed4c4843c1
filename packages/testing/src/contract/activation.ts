import { type Activation, createRng, type Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Check, type ContractProblem, runChecks, type Selection, violate } from './check.ts'
import { optionChecks } from './options.ts'
import { type ComponentSpec, forOptions } from './spec.ts'
import { expectFinite, expectNoLeak, expectSameBits, memory, valuesOf } from './tensors.ts'

export interface ActivationSpec extends ComponentSpec {
  /** The function in float64. */
  readonly reference?: (x: number) => number
  /** Largest relative error that float32 is granted; default 1e-5. */
  readonly tolerance?: number
}

/** Runs the contract of an activation on the current engine; the problems found, none for a sound one. */
export async function checkActivation(spec: ActivationSpec, selection?: Selection): Promise<ContractProblem[]> {
  return runChecks(activationChecks, spec, selection)
}

/** Normal values with deviation 3, none of them an even fraction where a function may have a kink. */
const points = (() => {
  const stream = createRng(3).at('points')
  return Float32Array.from({ length: 96 }, () => 3 * stream.normal())
})()
const extremes = Float32Array.from([-1e4, -1e3, -100, -20, -1e-6, 0, 1e-6, 20, 100, 1e3, 1e4])

export const activationChecks: readonly Check<ActivationSpec>[] = [
  ...optionChecks<ActivationSpec>('activation', async (_spec, registry, use) =>
    (await apply(registry.create('activation', use, {}), points)).join(),
  ),
  { name: 'shapes are kept', run: (spec) => forActivations(spec, checkShapes) },
  { name: 'every value is mapped by itself', run: (spec) => forActivations(spec, checkElementwise) },
  { name: 'values are those of the reference', run: (spec) => forActivations(spec, checkReference) },
  { name: 'values and slopes are finite up to 1e4', run: (spec) => forActivations(spec, checkFinite) },
  { name: 'the gradient is the slope', run: (spec) => forActivations(spec, checkGradient) },
  { name: 'inputs are left as they were', run: (spec) => forActivations(spec, checkInputs) },
  { name: 'no tensor is left over', run: (spec) => forActivations(spec, checkLeaks) },
]

async function forActivations(
  spec: ActivationSpec,
  body: (activation: Activation, spec: ActivationSpec) => void | Promise<void>,
): Promise<void> {
  await forOptions(spec, 'activation', (registry, use) => body(registry.create('activation', use, {}), spec))
}

const imageOf = (values: Float32Array) => tf.tensor4d(values, [1, 1, values.length, 1])

async function apply(activation: Activation, values: Float32Array): Promise<Float32Array> {
  // A clone, so that an activation that hands back its input does not lose it here.
  const result = tf.tidy(() => tf.clone(activation.apply(imageOf(values))))
  const found = await valuesOf(result)
  result.dispose()
  return found
}

async function slopes(activation: Activation, values: Float32Array): Promise<Float32Array> {
  const result = tf.tidy(() => tf.grad((x) => tf.sum(activation.apply(x as tf.Tensor4D)))(imageOf(values)))
  const found = await valuesOf(result)
  result.dispose()
  return found
}

function checkShapes(activation: Activation): void {
  const shapes: readonly Shape[] = [
    [1, 1, 1],
    [3, 5, 2],
  ]
  for (const shape of shapes) {
    const found = tf.tidy(() => activation.apply(tf.ones([2, ...shape])).shape)
    if (found.join() !== [2, ...shape].join()) violate(`images [2,${shape}] became [${found}]`)
  }
}

async function checkElementwise(activation: Activation): Promise<void> {
  const forward = await apply(activation, points)
  const backward = await apply(activation, points.toReversed())
  expectSameBits('the values, and those of the same inputs in reverse', forward, backward.toReversed())
}

async function checkReference(activation: Activation, { reference, tolerance = 1e-5 }: ActivationSpec): Promise<void> {
  if (reference === undefined) return
  const found = await apply(activation, points)
  for (const [index, x] of points.entries()) {
    const expected = reference(x)
    if (Math.abs(found[index]! - expected) <= tolerance * (1 + Math.abs(expected))) continue
    violate(`f(${x}) is ${found[index]}; the reference gives ${expected}`)
  }
}

async function checkFinite(activation: Activation): Promise<void> {
  expectFinite('the output', await apply(activation, extremes))
  expectFinite('the gradient', await slopes(activation, extremes))
}

/** Between the slopes to the left and to the right, which holds at kinks too. */
async function checkGradient(activation: Activation): Promise<void> {
  const distance = 2 ** -6
  const shifted = (by: number) => points.map((x) => x + by)
  const [before, at, after] = [
    await apply(activation, shifted(-distance)),
    await apply(activation, points),
    await apply(activation, shifted(distance)),
  ]
  for (const [index, slope] of (await slopes(activation, points)).entries()) {
    const sides = [(at[index]! - before[index]!) / distance, (after[index]! - at[index]!) / distance]
    const slack = 1e-3 * (1 + Math.abs(slope))
    if (slope >= Math.min(...sides) - slack && slope <= Math.max(...sides) + slack) continue
    violate(`the gradient at ${points[index]} is ${slope}; the slopes to both sides are ${sides.join(' and ')}`)
  }
}

async function checkInputs(activation: Activation): Promise<void> {
  const images = imageOf(points)
  const kept = tf.clone(images)
  tf.tidy(() => void activation.apply(images))
  if (images.isDisposed) violate('the images were disposed of')
  expectSameBits('the images', points, await valuesOf(kept))
  tf.dispose([images, kept])
}

async function checkLeaks(activation: Activation): Promise<void> {
  const before = memory()
  await apply(activation, points)
  expectNoLeak('after a value', before)
  await slopes(activation, points)
  expectNoLeak('after a gradient', before)
}
