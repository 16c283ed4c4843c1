import { type Block, createRegistry, createRng, fail, type Json } from '@tricklab/core'
import { failAll } from '@tricklab/core/errors'
import * as tf from '@tricklab/core/tf'
import { nn } from '@tricklab/nn'
import permutedGroups from '@tricklab/plugin-permuted-groups'
import twist from '@tricklab/plugin-twist'

export const kernels = ['random', 'identity', 'zero'] as const
export type KernelName = (typeof kernels)[number]

export interface LayerSpec {
  readonly block: string
  readonly options: { readonly [option: string]: Json }
  readonly outputs: number
  readonly kernel: KernelName
  /** A twist's Ax and Ay between every channel and itself, and 0 between others; undefined: drawn. */
  readonly coefficients: readonly [number, number] | undefined
  readonly seed: number
}

/** A layer of three channels in, and the plain convolution from the same seed. */
export interface Layers {
  readonly block: Block
  readonly plain: Block
  /** Whether both have one kernel; a kernel in groups is of another shape. */
  readonly sameKernel: boolean
}

/**
 * Builds a 3 × 3 layer and the plain convolution beside it. Both are drawn from the seed, and the plain one has the
 * layer's own kernel where that is of its shape: what differs then is what the layer does beside its convolution.
 * @errors E_COMPONENT_UNKNOWN, E_OPTION_*; E_ARGUMENT for a kernel or coefficients that the layer has no place for
 */
export function createLayers(spec: LayerSpec): Layers {
  const { block: name, options, outputs, seed } = spec
  const registry = createRegistry([nn, twist, permutedGroups])
  const build = (use: { use: string }): Block => {
    const normal = registry.normalize('block', use, 'lab features')
    failAll(normal.problems)
    const window = { inputChannels: 3, outputChannels: outputs, kernelSize: 3, stride: 1, activate: false }
    return registry.create('block', normal.use, { ...window, init: createRng(seed).scope('init') })
  }
  const block = build({ use: name, ...options })
  const plain = build({ use: 'conv2d' })
  const [kernel, target] = [variable(block, 'weight'), variable(plain, 'weight')!]
  const sameKernel = kernel?.shape.join() === target.shape.join()
  if (spec.kernel !== 'random') {
    if (!sameKernel || outputs !== 3) refuseKernel(spec)
    assign(target, spec.kernel === 'zero' ? [] : diagonal(9 * 3, 3, [4 * 3]))
  }
  if (sameKernel) {
    if (spec.kernel === 'random') target.assign(kernel!)
    else kernel!.assign(target)
  }
  if (spec.coefficients !== undefined) setCoefficients(block, spec, spec.coefficients)
  return { block, plain, sameKernel }
}

const variable = ({ params }: Block, name: string): tf.Variable | undefined => {
  const param = params[name]
  return param !== undefined && 'value' in param ? (param.value as tf.Variable) : undefined
}

/** Ones at `[at + c, c]` of a matrix of rows and columns, for every c. */
const diagonal = (rows: number, columns: number, places: readonly number[], values: readonly number[] = [1]) => {
  const entries: [number, number][] = []
  for (const [index, place] of places.entries()) {
    for (let column = 0; column < columns; column++) {
      entries.push([(place + column * places.length) * columns + column, values[index]!])
    }
  }
  return entries.filter(([at]) => at < rows * columns)
}

function assign(target: tf.Variable, entries: readonly (readonly [number, number])[]): void {
  const values = new Float32Array(target.size)
  for (const [at, value] of entries) values[at] = value
  tf.tidy(() => target.assign(tf.tensor(values, target.shape)))
}

function setCoefficients(block: Block, spec: LayerSpec, values: readonly [number, number]): void {
  const coefficients = variable(block, 'coefficients')
  if (coefficients === undefined || coefficients.shape[2] !== 6 || spec.outputs !== 3) {
    fail('E_ARGUMENT', {
      what: `The block "${spec.block}" has no coefficients between each of three channels and itself.`,
      expected: 'the block twist in its version two-coefficients, without groups, and --outputs 3.',
      received: `${describe(spec)}.`,
      fix: 'leave --coefficients out: they are drawn then.',
    })
  }
  // Rows 2c and 2c + 1 of column c.
  assign(coefficients, diagonal(6, 3, [0, 1], values))
}

function refuseKernel(spec: LayerSpec): never {
  fail('E_ARGUMENT', {
    what: `The block "${spec.block}" cannot have the kernel "${spec.kernel}".`,
    expected: 'a block with one dense 3 × 3 kernel, such as twist or conv2d, and --outputs 3.',
    received: `${describe(spec)}.`,
    fix: 'use --kernel random.',
  })
}

const describe = ({ block, options, outputs }: LayerSpec) =>
  [
    block,
    ...Object.entries(options).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    `${outputs} outputs`,
  ].join(', ')
