/**
 * Convolutions and max pooling with zeros in given numbers on each side. TF.js's kernels over TensorFlow refuse them
 * ("supports only 'valid' and 'same'"), though TensorFlow's own operations take them; residual networks need them.
 */
import * as tf from '@tricklab/core/tf'

/** An attribute of a TensorFlow operation, as the addon takes it. */
interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** What is used of TF.js's backend over TensorFlow. */
interface TensorflowBackend {
  readonly binding: Readonly<Record<'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_FLOAT', number>>
  executeSingleOutput(operation: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.TensorInfo
}

type Inputs = Record<string, tf.TensorInfo>
type Attrs = Record<string, unknown>
type Shape4 = [number, number, number, number]
type Info = tf.backend_util.Conv2DInfo

interface PaddedKernel {
  readonly kernelName: string
  describe(inputs: Inputs, attrs: Attrs): Info
  /** The operation's inputs in TensorFlow's order. */
  order(inputs: Inputs, info: Info): tf.TensorInfo[]
}

const convolution =
  (
    input: (inputs: Inputs, attrs: Attrs) => Shape4,
    filter: (inputs: Inputs, attrs: Attrs) => Shape4,
    depthwise: boolean,
  ) =>
  (inputs: Inputs, attrs: Attrs): Info =>
    tf.backend_util.computeConv2DInfo(
      input(inputs, attrs),
      filter(inputs, attrs),
      attrs.strides as [number, number],
      (attrs.dilations as [number, number] | undefined) ?? 1,
      attrs.pad as number,
      attrs.dimRoundingMode as 'floor',
      depthwise,
    )

const shapeOf = (name: string) => (inputs: Inputs) => inputs[name]?.shape as Shape4
const attribute = (name: string) => (_inputs: Inputs, attrs: Attrs) => attrs[name] as Shape4
const named =
  (...names: string[]) =>
  (inputs: Inputs) =>
    names.map((name) => inputs[name] as tf.TensorInfo)

function pooling(inputs: Inputs, attrs: Attrs): Info {
  const shape = (inputs.x ?? inputs.input)?.shape as Shape4
  const { filterSize, strides, pad, dimRoundingMode } = attrs
  return tf.backend_util.computePool2DInfo(
    shape,
    filterSize as [number, number],
    strides as [number, number],
    1,
    pad as number,
    dimRoundingMode as 'floor',
  )
}

function convolutions(prefix: string, depthwise: boolean): PaddedKernel[] {
  return [
    {
      kernelName: prefix,
      describe: convolution(shapeOf('x'), shapeOf('filter'), depthwise),
      order: named('x', 'filter'),
    },
    {
      kernelName: `${prefix}BackpropInput`,
      describe: convolution(attribute('inputShape'), shapeOf('filter'), depthwise),
      order: ({ filter, dy }, info) => [
        tf.tensor1d(info.inShape, 'int32'),
        filter as tf.TensorInfo,
        dy as tf.TensorInfo,
      ],
    },
    {
      kernelName: `${prefix}BackpropFilter`,
      describe: convolution(shapeOf('x'), attribute('filterShape'), depthwise),
      order: ({ x, dy }, info) => [x as tf.TensorInfo, tf.tensor1d(info.filterShape, 'int32'), dy as tf.TensorInfo],
    },
  ]
}

const kernels: readonly PaddedKernel[] = [
  ...convolutions('Conv2D', false),
  ...convolutions('DepthwiseConv2dNative', true),
  { kernelName: 'MaxPool', describe: pooling, order: named('x') },
  { kernelName: 'MaxPoolGrad', describe: pooling, order: named('input', 'output', 'dy') },
]

/** Puts kernels that take explicit padding over those of the backend `tensorflow`; all else goes on to these. */
export function allowExplicitPadding(): void {
  for (const { kernelName, describe, order } of kernels) {
    const former = tf.getKernel(kernelName, 'tensorflow')
    if (former === undefined) continue
    tf.unregisterKernel(kernelName, 'tensorflow')
    tf.registerKernel({
      ...former,
      kernelFunc(call) {
        const attrs = call.attrs as Attrs
        const channelsLast = attrs.dataFormat === undefined || attrs.dataFormat === 'NHWC'
        if (attrs.pad === 'same' || attrs.pad === 'valid' || !channelsLast) return former.kernelFunc(call)
        const info = describe(call.inputs as Inputs, attrs)
        const backend = call.backend as TensorflowBackend
        return tf.tidy(() => {
          const inputs = order(call.inputs as Inputs, info)
          return backend.executeSingleOutput(kernelName, attributesOf(kernelName, info, backend), inputs) as tf.Tensor
        })
      },
    })
  }
}

function attributesOf(kernelName: string, info: Info, { binding }: TensorflowBackend): Attribute[] {
  const integers = (name: string, value: number[]) => ({ name, type: binding.TF_ATTR_INT, value })
  const text = (name: string, value: string) => ({ name, type: binding.TF_ATTR_STRING, value })
  const { top, bottom, left, right } = info.padInfo
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    integers('strides', [1, info.strideHeight, info.strideWidth, 1]),
    text('data_format', 'NHWC'),
    text('padding', 'EXPLICIT'),
    integers('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0]),
    kernelName.startsWith('MaxPool')
      ? integers('ksize', [1, info.filterHeight, info.filterWidth, 1])
      : integers('dilations', [1, info.dilationHeight, info.dilationWidth, 1]),
  ]
}
