/** Which convolutions networks have. */
import { createRng } from '@tricklab/core'
import { normalizeRow } from '@tricklab/core/recipe'
import * as tf from '@tricklab/core/tf'
import { planEfficientnet, variants } from '@tricklab/plugin-mbconv'
import { findTarget } from '@tricklab/repro'
import { describeRow } from '@tricklab/train'
import { expandTarget } from './targets.ts'

/** A convolution of square images with a square window. */
export interface ConvolutionShape {
  /** Width and height of the images. */
  readonly size: number
  readonly channels: number
  /** Channels of the result; missing: each channel is convolved by itself. */
  readonly outputs?: number
  readonly kernelSize: number
  readonly stride: number
}

const imageSize = 128

/** Every depthwise convolution of EfficientNet-B0 once, in the order of the network. */
export function efficientnetShapes(): ConvolutionShape[] {
  const found: ConvolutionShape[] = []
  let size = Math.ceil(imageSize / 2)
  for (const { inputChannels, expand, kernelSize, stride } of planEfficientnet(variants['efficientnet-b0']).blocks) {
    found.push({ size, channels: inputChannels * expand, kernelSize, stride })
    size = Math.ceil(size / stride)
  }
  return unique(found)
}

/** The dense networks that recipes train most. */
const denseNetworks = ['xresnet50', 'imagewoof-128-5/new-resblock']

/** Every dense convolution of the networks once, in their order. The current engine computes each network for it. */
export async function denseShapes(networks: readonly string[] = denseNetworks): Promise<ConvolutionShape[]> {
  const found: ConvolutionShape[] = []
  for (const network of networks) {
    const { table, rows } = await findTarget(expandTarget(network))
    if (table.kind !== 'training') throw new Error(`${network} is not trained`)
    const imageShape = [imageSize, imageSize, 3] as const
    const classes = Array.from({ length: 10 }, (_, index) => `class ${index}`)
    const built = describeRow(normalizeRow(table, rows[0]!)).createModel({ imageShape, classes })
    found.push(
      ...convolutionsDuring(() => {
        built.apply(tf.zeros([1, ...imageShape]), { training: false, rng: createRng(0) })
      }),
    )
    built.dispose()
  }
  return unique(found)
}

const kernelNames = ['Conv2D', 'FusedConv2D']

/** The dense convolutions that the current engine is asked for while `body` runs; windows and images are square. */
function convolutionsDuring(body: () => void): ConvolutionShape[] {
  const found: ConvolutionShape[] = []
  const originals = tf
    .getKernelsForBackend(tf.getBackend())
    .filter(({ kernelName }) => kernelNames.includes(kernelName))
  const replace = (config: tf.KernelConfig) => {
    tf.unregisterKernel(config.kernelName, config.backendName)
    tf.registerKernel(config)
  }
  for (const original of originals) {
    replace({
      ...original,
      kernelFunc(call) {
        const { x, filter } = call.inputs
        const [, size, , channels] = x!.shape as [number, number, number, number]
        const [kernelSize, , , outputs] = filter!.shape as [number, number, number, number]
        const [stride] = [call.attrs!.strides].flat() as [number]
        found.push({ size, channels, outputs, kernelSize, stride })
        return original.kernelFunc(call)
      },
    })
  }
  try {
    tf.tidy(body)
  } finally {
    for (const original of originals) replace(original)
  }
  return found
}

function unique(shapes: readonly ConvolutionShape[]): ConvolutionShape[] {
  return [...new Map(shapes.map((shape) => [Object.values(shape).join(), shape])).values()]
}
