/**
 * What a network computes, as a graph: the TF.js kernels that it runs, written down while it runs. So every block of every
 * plugin is seen as it is, and none has to describe itself a second time.
 */
import { createRng, fail, listParams, type Model } from '@tricklab/core'
import { composedFused, type FusedActivation } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'
import { fusedLinear } from '../ops/relu.ts'

/** A size that grows with the batch. */
export const perSample = -1

/** What flows between kernels. Of values that grow with the batch the first axis is `perSample`. */
export interface TracedValue {
  readonly shape: readonly number[]
  readonly dtype: string
}

/** Numbers that do not depend on the images: a parameter, or what was computed from parameters alone. */
export interface TracedConstant extends TracedValue {
  /** The place in the model; that of the layer, and a number, where it is no parameter. */
  readonly name: string
  readonly data: Float32Array | Int32Array | Uint8Array
}

export interface TracedNode {
  readonly kernel: string
  /** The layer of the model. */
  readonly layer: string
  readonly inputs: { readonly [name: string]: TracedValue | readonly TracedValue[] }
  readonly outputs: readonly TracedValue[]
  /** Sizes that are the batch, or grow with it, are `perSample`. */
  readonly attrs: { readonly [name: string]: unknown }
}

export interface TracedGraph {
  readonly input: TracedValue
  readonly output: TracedValue
  readonly nodes: readonly TracedNode[]
}

/** Two batches of different sizes: what differs between them is what grows with the batch. */
const batches = [2, 3] as const

/**
 * The graph of a network in evaluation, for images of its input shape and any batch size.
 * @param kept fused kernels that the format knows by name; the others are spread into what they are composed of, and so are
 * those that apply an activation, which is a node of its own
 * @errors E_EXPORT, naming the layer, where what is computed depends on the batch or on values in a way that no graph says
 */
export async function traceModel(model: Model, kept: readonly string[]): Promise<TracedGraph> {
  const [first, second] = [record(model, batches[0], kept), record(model, batches[1], kept)]
  try {
    return await merge(first, second)
  } finally {
    for (const { held } of [first, second]) tf.dispose(held)
  }
}

export const isConstant = (value: TracedValue): value is TracedConstant => 'data' in value

interface Recording {
  readonly nodes: readonly RawNode[]
  readonly input: tf.Tensor
  readonly output: tf.Tensor
  /** Every tensor that was seen, kept until the graph is made; by identity of its data. */
  readonly held: tf.Tensor[]
  readonly params: ReadonlyMap<tf.Tensor, string>
}

interface RawNode {
  readonly kernel: string
  readonly layer: string
  readonly inputs: { readonly [name: string]: RawValue | readonly RawValue[] }
  readonly outputs: readonly tf.Tensor[]
  readonly attrs: { readonly [name: string]: unknown }
}

/** A tensor, and the name of what it is where it does not depend on the images. */
interface RawValue {
  readonly tensor: tf.Tensor
  readonly constant: string | undefined
}

type RunKernel = (name: string, inputs: tf.NamedTensorMap, attrs?: object) => tf.Tensor | tf.Tensor[]

/** Runs a network once and writes down the kernels whose results depend on the images. */
function record(model: Model, batch: number, kept: readonly string[]): Recording {
  const engine = tf.engine() as unknown as { runKernel: RunKernel }
  const original = engine.runKernel
  const nodes: RawNode[] = []
  const held: tf.Tensor[] = []
  const params = new Map<tf.Tensor, string>()
  for (const { path, value } of listParams(model.params)) params.set(value, path)
  const hold = <T extends tf.Tensor>(tensor: T): T => {
    held.push(tf.keep(tensor))
    return tensor
  }
  const input = hold(drawImages([batch, ...model.inputShape]))
  const dependent = new Set<tf.Tensor>([input])
  let layer = model.layers[0]?.name ?? ''
  let counter = 0
  const constants = new Map<tf.Tensor, string>()
  const rawValue = (tensor: tf.Tensor): RawValue => {
    if (dependent.has(tensor)) return { tensor, constant: undefined }
    const path = params.get(tensor)
    if (path !== undefined) return { tensor, constant: path }
    if (!constants.has(tensor)) {
      hold(tensor)
      constants.set(tensor, `${layer}/constant${counter++}`)
    }
    return { tensor, constant: constants.get(tensor) }
  }

  let depth = 0
  const run: RunKernel = (name, inputs, attrs = {}) => {
    if (depth === 0 && !(kept.includes(name) && isPlain(attrs))) {
      const composed = composedFused(name)
      if (composed !== undefined) {
        const outputs = composed(inputs, attrs)
        return outputs.length === 1 ? outputs[0]! : outputs
      }
    }
    depth++
    let result: tf.Tensor | tf.Tensor[]
    try {
      result = original.call(engine, name, inputs, attrs)
    } finally {
      depth--
    }
    if (depth > 0) return result
    const given = Object.entries(inputs).filter(([, value]) => value !== undefined && value !== null)
    const flat = given.flatMap(([, value]) => value as tf.Tensor | tf.Tensor[])
    if (!flat.some((tensor) => dependent.has(tensor))) return result
    const outputs = [result].flat()
    for (const output of outputs) dependent.add(hold(output))
    nodes.push({
      kernel: name,
      layer,
      inputs: Object.fromEntries(
        given.map(([key, value]) => [key, Array.isArray(value) ? value.map(rawValue) : rawValue(value)]),
      ),
      outputs,
      attrs: attrs as Record<string, unknown>,
    })
    return result
  }

  engine.runKernel = run
  try {
    const output = tf.tidy(() => {
      let images: tf.Tensor4D = input
      const rng = createRng(0)
      for (const { name, block } of model.layers) {
        layer = name
        images = block.apply(images, { training: false, rng: rng.scope(name) })
      }
      return hold(tf.reshape(images, [batch, model.classes]))
    })
    return { nodes, input, output, held, params }
  } finally {
    engine.runKernel = original
  }
}

/** Whether a fused kernel applies no activation beside what it is named for. */
const isPlain = ({ activation = fusedLinear }: { activation?: FusedActivation }) => activation === fusedLinear

/** Images in which no two pixels are equal by rule, so that nothing depends on them by chance alone. */
function drawImages(shape: number[]): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1)
  return tf.tensor4d(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i * i + shape[0]!)),
    shape as [number, number, number, number],
  )
}

/** One graph of two recordings: sizes in which they differ grow with the batch, all else must be the same. */
async function merge(first: Recording, second: Recording): Promise<TracedGraph> {
  const values = new Map<tf.Tensor, TracedValue>()
  const readValue = async (a: RawValue, b: RawValue | undefined, layer: string): Promise<TracedValue> => {
    const known = values.get(a.tensor)
    if (known !== undefined) return known
    const { shape, dtype } = a.tensor
    if (a.constant === undefined || b === undefined) refuse(layer, 'takes in what no kernel before it has put out')
    if (b.constant === undefined || shape.join() !== b.tensor.shape.join()) {
      refuse(layer, `makes a tensor ${show(shape)} itself that has a size of the batch`)
    }
    const data = (await a.tensor.data()).slice() as TracedConstant['data']
    const other = (await b.tensor.data()) as TracedConstant['data']
    if (data.some((value, index) => !Object.is(value, other[index]))) {
      refuse(layer, 'reads values of images back to compute with them outside the graph')
    }
    const constant: TracedConstant = { name: a.constant, shape, dtype, data }
    values.set(a.tensor, constant)
    return constant
  }
  const dependent = (a: tf.Tensor, b: tf.Tensor, layer: string): TracedValue => {
    const value = { shape: mergeSizes(a.shape, b.shape, layer), dtype: a.dtype }
    values.set(a, value)
    return value
  }

  const input = dependent(first.input, second.input, 'the input')
  const nodes: TracedNode[] = []
  for (const [index, node] of first.nodes.entries()) {
    const twin = second.nodes[index]
    const { kernel, layer } = node
    if (twin === undefined || twin.kernel !== kernel || second.nodes.length !== first.nodes.length) {
      refuse(layer, `runs other kernels for a batch of ${batches[1]} than for one of ${batches[0]}`)
    }
    const inputs: Record<string, TracedValue | TracedValue[]> = {}
    for (const [name, value] of Object.entries(node.inputs)) {
      const other = twin.inputs[name]
      inputs[name] = isList(value)
        ? await Promise.all(value.map((item, i) => readValue(item, (other as readonly RawValue[])[i], layer)))
        : await readValue(value, other as RawValue, layer)
    }
    const outputs = node.outputs.map((output, i) => dependent(output, twin.outputs[i]!, layer))
    nodes.push({ kernel, layer, inputs, outputs, attrs: mergeAttrs(node.attrs, twin.attrs, layer) })
  }
  return { input, output: values.get(first.output)!, nodes }
}

const isList = (value: RawValue | readonly RawValue[]): value is readonly RawValue[] => Array.isArray(value)

/** @errors E_EXPORT unless the sizes are equal, but for one that is so many times the batch */
function mergeSizes(a: readonly number[], b: readonly number[], layer: string): number[] {
  if (a.length !== b.length) refuse(layer, `puts out ${show(a)} for one batch and ${show(b)} for another`)
  const sizes = a.map((size, axis) => {
    if (size === b[axis]) return size
    if (size * batches[1] === b[axis]! * batches[0]) return perSample
    return refuse(layer, `puts out ${show(a)} for one batch and ${show(b)} for another`)
  })
  if (sizes.filter((size) => size === perSample).length < 2) return sizes
  return refuse(layer, `mixes the images of a batch: ${show(a)}`)
}

function mergeAttrs(a: object, b: object, layer: string): Record<string, unknown> {
  const others = b as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => {
      const other = others[name]
      if (JSON.stringify(value) === JSON.stringify(other)) return [name, value]
      const numbers = (list: unknown): list is number[] =>
        Array.isArray(list) && list.every((item) => typeof item === 'number')
      if (numbers(value) && numbers(other)) return [name, mergeSizes(value, other, layer)]
      return refuse(layer, `has another ${name} for every batch size`)
    }),
  )
}

function refuse(layer: string, what: string): never {
  return fail('E_EXPORT', {
    what: `The layer "${layer}" cannot be exported: it ${what}.`,
    expected: 'kernels that treat every image of a batch alike.',
    fix: 'export the weights alone: --format safetensors.',
  })
}

const show = (shape: readonly number[]) => `[${shape}]`
