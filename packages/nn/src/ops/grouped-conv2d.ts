import { defineFused } from '@tricklab/core/fused'
import * as tf from '@tricklab/core/tf'

/** A convolution in groups: every group of output channels reads one group of input channels. */
export interface GroupedConv2dAttrs {
  /** Input and output channels fall into so many groups of neighbours, equally large. */
  groups: number
  /** `sources[g]`: the input group that output group g reads; several may read one. `[0, 1, 2, …]` where none is moved. */
  sources: number[]
  stride: number
  /** Zeros at `[top, bottom, left, right]`. */
  padding: number[]
}

/** 1 where an output channel reads an input group: `[1, groups, 1, outputChannels]`. */
function linkMask({ groups, sources }: GroupedConv2dAttrs, outputChannels: number): tf.Tensor4D {
  const values = new Float32Array(groups * outputChannels)
  for (let channel = 0; channel < outputChannels; channel++) {
    values[sources[Math.floor((channel * groups) / outputChannels)]! * outputChannels + channel] = 1
  }
  return tf.tensor4d(values, [1, groups, 1, outputChannels])
}

/** The blocks in a filter of all channels, zero between them: `[kh, kw, groups · M, D]`. */
function spreadBlocks(filter: tf.Tensor, attrs: GroupedConv2dAttrs): tf.Tensor4D {
  const [rows, columns, depth, outputChannels] = filter.shape as tf.Tensor4D['shape']
  const blocks = tf.reshape(filter, [rows * columns, 1, depth, outputChannels])
  const spread = tf.mul(blocks, linkMask(attrs, outputChannels))
  return tf.reshape(spread, [rows, columns, attrs.groups * depth, outputChannels])
}

/** What TF.js's kernels of convolution are told. */
function windowOf({ stride, padding }: GroupedConv2dAttrs) {
  const [top, bottom, left, right] = padding as [number, number, number, number]
  return {
    strides: [stride, stride] as [number, number],
    pad: [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ] as tf.Conv2DAttrs['pad'],
    dataFormat: 'NHWC' as const,
  }
}

function runStock(name: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs as never) as tf.Tensor
}

/** The gradient for x, of `height` × `width`: the sum over all output groups that read an input group, 0 where none does. */
export const fusedGroupedConv2dBackpropInput = defineFused<
  { dy: tf.Tensor; filter: tf.Tensor },
  GroupedConv2dAttrs & { height: number; width: number }
>('GroupedConv2DBackpropInput', {
  composed({ dy, filter }, { height, width, ...attrs }) {
    const dense = spreadBlocks(filter, attrs)
    const inputShape = [dy.shape[0]!, height, width, dense.shape[2]]
    return [runStock('Conv2DBackpropInput', { dy, filter: dense }, { ...windowOf(attrs), inputShape })]
  },
})

/** The gradient for a filter of `filterHeight` × `filterWidth`. */
export const fusedGroupedConv2dBackpropFilter = defineFused<
  { x: tf.Tensor; dy: tf.Tensor },
  GroupedConv2dAttrs & { filterHeight: number; filterWidth: number }
>('GroupedConv2DBackpropFilter', {
  composed({ x, dy }, { filterHeight, filterWidth, ...attrs }) {
    const [inputChannels, outputChannels] = [x.shape[3]!, dy.shape[3]!]
    const filterShape = [filterHeight, filterWidth, inputChannels, outputChannels]
    const dense = runStock('Conv2DBackpropFilter', { x, dy }, { ...windowOf(attrs), filterShape })
    const depth = inputChannels / attrs.groups
    const blocks = tf.reshape(dense, [filterHeight * filterWidth, attrs.groups, depth, outputChannels])
    const kept = tf.sum(tf.mul(blocks, linkMask(attrs, outputChannels)), 1)
    return [tf.reshape(kept, [filterHeight, filterWidth, depth, outputChannels])]
  },
})

/**
 * Convolution in groups. Filter `[kh, kw, M, D]`, x `[N, H, W, groups · M]`; with `g = ⌊d · groups / D⌋`
 * `y[n,i,j,d] = Σ_u Σ_v Σ_m filter[u,v,m,d] · x[n, stride·i + u − top, stride·j + v − left, sources[g]·M + m]`.
 */
export const fusedGroupedConv2d = defineFused<{ x: tf.Tensor; filter: tf.Tensor }, GroupedConv2dAttrs>(
  'GroupedConv2D',
  {
    composed({ x, filter }, attrs) {
      const { strides, pad } = windowOf(attrs)
      return [tf.conv2d(x as tf.Tensor4D, spreadBlocks(filter, attrs), strides, pad as never)]
    },
    gradient: {
      inputsToSave: ['x', 'filter'],
      gradFunc: (gradient, saved, given) => {
        const dy = gradient as tf.Tensor
        const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D]
        const attrs = given as unknown as GroupedConv2dAttrs
        const [filterHeight, filterWidth] = filter.shape
        const [, height, width] = x.shape
        return {
          x: () => fusedGroupedConv2dBackpropInput.run({ dy, filter }, { ...attrs, height, width })[0],
          filter: () => fusedGroupedConv2dBackpropFilter.run({ x, dy }, { ...attrs, filterHeight, filterWidth })[0],
        }
      },
    },
  },
)

/** Which groups there are, where each output group reads, and the window. */
export interface GroupedConv2dOptions {
  readonly groups: number
  /** `sources[g]`: the input group that output group g reads. Default: g itself, the ordinary grouped convolution. */
  readonly sources?: readonly number[]
  readonly stride: number
  /** Zeros on every side. */
  readonly padding: number
}

/**
 * Convolution in groups: channels fall into `groups` of neighbours, and every group of output channels reads one group of
 * input channels. With a permutation for `sources` it is the ordinary grouped convolution of permuted channels.
 *
 * An engine's own kernel costs 1/groups of the dense convolution. Elsewhere the blocks are spread over a dense filter that
 * is zero between them, which costs as much as the dense one.
 * @shape x `[N, H, W, groups · M]`, filter `[kh, kw, M, D]` → `[N, H', W', D]`, `H' = ⌊(H + 2·padding − kh) / stride⌋ + 1`
 */
export function groupedConv2d(x: tf.Tensor4D, filter: tf.Tensor4D, options: GroupedConv2dOptions): tf.Tensor4D {
  const { groups, stride, padding } = options
  const sources = options.sources ?? Array.from({ length: groups }, (_, group) => group)
  const attrs = { groups, sources: [...sources], stride, padding: [padding, padding, padding, padding] }
  return fusedGroupedConv2d.run({ x, filter }, attrs)[0] as tf.Tensor4D
}

/**
 * Sources that move the groups in cycles of `length` neighbours: output group i reads input group i − step of its cycle.
 * Length 1 is the ordinary grouped convolution, `groups` a single cycle through all of them.
 */
export function previousInCycle(groups: number, length: number, step = 1): number[] {
  return Array.from({ length: groups }, (_, group) => {
    const place = group % length
    return group - place + ((((place - step) % length) + length) % length)
  })
}
