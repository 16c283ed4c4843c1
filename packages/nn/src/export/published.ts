/**
 * Weights as others publish them: PyTorch's layout under timm's names. Convolutions are `[out, in, kh, kw]` there and
 * `[kh, kw, in, out]` here, linear maps `[out, in]` and `[in, out]`.
 */
import { fail, listParams, type NamedParam } from '@tricklab/core'
import { describeNonFinite, type StoredTensor, type StoredTensors } from '@tricklab/core/checkpoint'
import type { ParamTree } from '@tricklab/core/contracts'
import { permuteAxes } from './permute.ts'

/** What published weights call the parameter at a path; undefined where they have none. */
export type PublishedName = (path: string) => string | undefined

/** PyTorch counts the batches that its norms have seen; nothing here depends on it. */
const isCounter = (name: string) => name.endsWith('.num_batches_tracked')

type Axes = readonly number[]

/**
 * Values for every parameter of a model from published weights, by path. Every tensor of the file is used once, and
 * every shape is checked, before anything is returned.
 * @param what the file, for messages
 * @errors E_WEIGHTS, listing every difference
 */
export function fromPublished(
  params: ParamTree,
  tensors: StoredTensors,
  nameOf: PublishedName,
  what: string,
): Record<string, StoredTensor> {
  const named = namePublished(params, nameOf, what)
  const result: Record<string, StoredTensor> = {}
  const differences: string[] = []
  for (const [name, { path, value }] of named) {
    const tensor = tensors[name]
    const own = tensor && tensor.dtype === 'float32' ? toOwnLayout(tensor, value.shape) : undefined
    const fault = own && describeNonFinite(own)
    if (fault !== undefined) differences.push(`${name} holds ${fault}`)
    else if (own !== undefined) result[path] = own
    else if (tensor === undefined) differences.push(`${name} is missing`)
    else differences.push(`${name} is ${describe(tensor)}, not float32 [${publishedShape(value.shape)}]`)
  }
  const unused = Object.keys(tensors).filter((name) => !named.has(name) && !isCounter(name))
  differences.push(...unused.map((name) => `${name} ${describe(tensors[name]!)} has no place in the model`))
  if (differences.length === 0) return result
  return fail('E_WEIGHTS', {
    what: `${what} does not fit the model in ${differences.length} of ${named.size + unused.length} tensors.`,
    expected: `${named.size} tensors of finite numbers, each of its parameter's shape.`,
    received: `${listed(differences)}.`,
    fix: 'name the model that the weights were made with, or the row that has its options.',
  })
}

/**
 * The parameters of a model in PyTorch's layout under published names.
 * @param values by path
 * @errors E_EXPORT where a parameter has no published name
 */
export function toPublished(
  params: ParamTree,
  values: StoredTensors,
  nameOf: PublishedName,
  what: string,
): Record<string, StoredTensor> {
  const named = namePublished(params, nameOf, what)
  return Object.fromEntries([...named].map(([name, { path }]) => [name, toPublishedLayout(values[path]!)]))
}

/** The parameters by published name. @errors E_EXPORT where one has none, or two have the same */
function namePublished(params: ParamTree, nameOf: PublishedName, what: string): Map<string, NamedParam> {
  const list = listParams(params)
  const strange = list.filter(({ path }) => nameOf(path) === undefined).map(({ path }) => path)
  if (strange.length > 0) {
    fail('E_EXPORT', {
      what: `${what}: the model has parameters that no published network has.`,
      expected: 'the plain model, without blocks in its slots that bring weights.',
      received: `${listed(strange)}.`,
      fix: 'use Tricklab’s own names (--names own), which every model has.',
    })
  }
  const named = new Map(list.map((param) => [nameOf(param.path)!, param]))
  if (named.size === list.length) return named
  return fail('E_EXPORT', {
    what: `${what}: two parameters have one published name.`,
    expected: `${list.length} names.`,
    received: `${named.size}.`,
    fix: 'this is a mistake in the name map of the model; report it.',
  })
}

function toOwnLayout({ dtype, shape, data }: StoredTensor, own: Axes): StoredTensor | undefined {
  const fits = (candidate: Axes) => candidate.length === own.length && candidate.every((size, i) => size === own[i])
  if (shape.length < 2) return fits(shape) ? { dtype, shape, data } : undefined
  // A linear map and a 1 × 1 convolution hold the same numbers.
  const [outputs, inputs, height = 1, width = 1] = shape as [number, number, number?, number?]
  const candidates: Axes[] = [
    [height, width, inputs, outputs],
    ...(height === 1 && width === 1 ? [[inputs, outputs]] : []),
    // A filter a channel: ours has the one at the end.
    ...(inputs === 1 ? [[height, width, outputs, 1]] : []),
  ]
  if (![2, 4].includes(shape.length) || !candidates.some(fits)) return undefined
  return { dtype, shape: own, data: permuteAxes(data as Float32Array, [outputs, inputs, height, width], [2, 3, 1, 0]) }
}

function toPublishedLayout({ dtype, shape, data }: StoredTensor): StoredTensor {
  if (shape.length < 2) return { dtype, shape, data }
  if (shape.length === 2)
    return { dtype, shape: publishedShape(shape), data: permuteAxes(data as Float32Array, shape, [1, 0]) }
  const [height, width, inputs, outputs] = shape as [number, number, number, number]
  const axes = isDepthwise(shape) ? [height, width, 1, inputs] : [height, width, inputs, outputs]
  return { dtype, shape: publishedShape(shape), data: permuteAxes(data as Float32Array, axes, [3, 2, 0, 1]) }
}

/** One filter a channel: `[k, k, channels, 1]`. A dense k × k convolution to one channel is in no published network. */
const isDepthwise = (shape: Axes) => shape.length === 4 && shape[3] === 1 && shape[2]! > 1 && shape[0]! > 1

function publishedShape(own: Axes): number[] {
  if (own.length < 3) return [...own].reverse()
  const [height, width, inputs, outputs] = own as [number, number, number, number]
  return isDepthwise(own) ? [inputs, 1, height, width] : [outputs, inputs, height, width]
}

const describe = ({ dtype, shape }: StoredTensor) => `${dtype} [${shape}]`

const longestList = 12

function listed(items: readonly string[]): string {
  const more = items.length - longestList
  return items.slice(0, longestList).join('; ') + (more > 0 ? `; and ${more} more` : '')
}
