/** Convolution in groups that read any other: GroupedConv2D and its gradients. */
import type * as tf from '@tricklab/core/tf'
import { addonFunctions } from '../addon.ts'
import type { Numbers } from '../storage.ts'
import { infoOf, sizesOf } from './conv.ts'
import { type KernelCall, nativeKernel } from './register.ts'

/** `sources[g]` is the input group that output group g reads; zeros at `[top, bottom, left, right]`. */
interface GroupedConv2dAttrs {
  groups: number
  sources: number[]
  stride: number
  padding: number[]
}

/** Functions of native/binding/conv.cc: the last of the arrays is written. */
type Run = (
  sizes: Int32Array, sources: Int32Array, first: Numbers, second: Numbers, out: Numbers,
) => void // biome-ignore format: one line

type GroupedAddon = Record<'groupedConv2d' | 'groupedConv2dInputGradient' | 'groupedConv2dFilterGradient', Run>

/** The convolution's sizes, and its kernel's call with the output in the shape that is chosen of them. */
function call(
  { inputs, backend }: KernelCall<unknown>,
  run: Run,
  [first, second]: readonly [string, string],
  { groups, sources, stride, padding }: GroupedConv2dAttrs,
  [image, filter]: readonly [readonly number[], readonly number[]],
  output: 'inShape' | 'outShape' | 'filterShape',
): tf.TensorInfo {
  const [top, bottom, left, right] = padding as [number, number, number, number]
  const pad: tf.Conv2DAttrs['pad'] = [[0, 0], [top, bottom], [left, right], [0, 0]] // biome-ignore format: one line
  const info = infoOf(image, filter, { strides: [stride, stride], pad, dimRoundingMode: 'floor' })
  const storage = output === 'filterShape' ? 'float32' : backend.storage(inputs[first]!)
  const out = backend.output([...info[output]], 'float32', storage)
  const [from, by] = [backend.numbers(inputs[first]!), backend.numbers(inputs[second]!)]
  run(sizesOf(info, groups), Int32Array.from(sources), from, by, backend.numbers(out))
  return out
}

/** Registers every kernel of this topic. */
export function registerGroupedConvolutions(): void {
  const addon = addonFunctions<GroupedAddon>()
  nativeKernel<GroupedConv2dAttrs>('GroupedConv2D', (one) => {
    const shapes = [one.inputs.x!.shape, one.inputs.filter!.shape] as const
    return call(one, addon.groupedConv2d, ['x', 'filter'], one.attrs, shapes, 'outShape')
  })
  nativeKernel<GroupedConv2dAttrs & { height: number; width: number }>('GroupedConv2DBackpropInput', (one) => {
    const { attrs, inputs } = one
    const filter = inputs.filter!.shape
    const shapes = [[inputs.dy!.shape[0]!, attrs.height, attrs.width, attrs.groups * filter[2]!], filter] as const
    return call(one, addon.groupedConv2dInputGradient, ['dy', 'filter'], attrs, shapes, 'inShape')
  })
  nativeKernel<GroupedConv2dAttrs & { filterHeight: number; filterWidth: number }>(
    'GroupedConv2DBackpropFilter',
    (one) => {
      const { attrs, inputs } = one
      const image = inputs.x!.shape
      const filter = [attrs.filterHeight, attrs.filterWidth, image[3]! / attrs.groups, inputs.dy!.shape[3]!]
      return call(one, addon.groupedConv2dFilterGradient, ['x', 'dy'], attrs, [image, filter], 'filterShape')
    },
  )
}
