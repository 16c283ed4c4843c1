import { type Block, type BlockContext, disposeParams, fail, type OptionValues, opt, type Shape } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'
import {
  activated,
  createParam,
  expectChannels,
  expectPixels,
  type Initializer,
  kaimingNormal,
  previousInCycle,
  windowCount,
} from '@tricklab/nn'
import { antisymmetric } from './kernels.ts'
import { iterate, twist, twistAroundCentres, twistInCircles } from './twists.ts'

export const options = {
  version: opt.choice(['two-coefficients', 'centres', 'twist-layer'], {
    default: 'two-coefficients',
    doc: "Which of the source's.",
  }),
  iters: opt.integer({
    min: 1,
    default: 1,
    unit: 'steps',
    doc: 'Euler steps, where the channels are kept at stride 1; elsewhere there is one.',
  }),
  channelsPerGroup: opt.integer({
    min: 0,
    default: 0,
    unit: 'channels',
    doc: 'two-coefficients: input channels of a group; 0: one group.',
  }),
  permute: opt.boolean({ default: false, doc: 'two-coefficients: every group reads the one before it.' }),
}

type Options = OptionValues<typeof options>

/** What differs between the versions: parameters, one application, and multiply-accumulates of an output pixel. */
interface Version {
  readonly params: Block['params']
  readonly macs: number
  apply(x: tf.Tensor4D): tf.Tensor4D
}

/**
 * A 3 × 3 convolution whose kernel changes with the position in the image, straight line by straight line:
 * `K∗x + X·(Kx∗x) + Y·(Ky∗x)`. See `twist`, `twistAroundCentres` and `twistInCircles` for the three versions.
 *
 * All kernels start kaiming-normal; the two coefficients start at the deviation of PyTorch's uniform kernel, as the source
 * takes it from the convolution before that is drawn anew.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`; works at any size, as positions are relative
 * @errors E_SHAPE for another kernel than 3 × 3 and for channels that the groups do not divide; E_OPTION_RANGE for groups in
 *   a version without them
 * @paper none: forums.fast.ai/t/64806
 * @differs the source overwrites weights with their antisymmetric part, and Ky of the first version with Kx turned, outside
 *   the gradient; here both are part of the function, so Kx learns from both terms and there is no unused Ky
 */
export function createTwist(values: Options, context: BlockContext): Block {
  const { inputChannels, outputChannels, kernelSize, stride } = context
  check(values, context)
  const version = { 'two-coefficients': twoCoefficients, centres, 'twist-layer': twistLayer }[values.version](
    context,
    values,
  )
  const steps = inputChannels === outputChannels && stride === 1 ? values.iters : 1
  const window = { kernelSize, stride, padding: 1 }
  const outputShape = (input: Shape): Shape => {
    expectChannels('twist', input, inputChannels)
    return expectPixels('twist', input, [windowCount(input[0], window), windowCount(input[1], window), outputChannels])
  }
  const block: Block = {
    params: version.params,
    outputShape,
    macs(input) {
      const [height, width] = outputShape(input)
      return steps * height * width * version.macs
    },
    apply(images) {
      const [, height, width, channels] = images.shape
      outputShape([height, width, channels])
      return iterate(images, steps, version.apply)
    },
    dispose: () => disposeParams(version.params),
  }
  return activated(block, context)
}

const kernelStart = kaimingNormal({ slope: 0, fan: 'in' })
const value = ({ value }: ReturnType<typeof createParam>) => value as unknown as tf.Tensor4D

const normalOf =
  (deviation: number): Initializer =>
  (shape, stream) =>
    fill(shape, () => deviation * stream.normal())

const uniformOf =
  (low: number, high: number): Initializer =>
  (shape, stream) =>
    fill(shape, () => low + (high - low) * stream.uniform())

function fill(shape: readonly number[], draw: () => number): Float32Array {
  return Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, draw)
}

function twoCoefficients(context: BlockContext, { channelsPerGroup, permute }: Options): Version {
  const { inputChannels, outputChannels, stride, init } = context
  const depth = channelsPerGroup === 0 ? inputChannels : channelsPerGroup
  const groups = inputChannels / depth
  const window = { groups, sources: previousInCycle(groups, permute ? groups : 1), stride }
  const weight = createParam('weight', [3, 3, depth, outputChannels], kernelStart, init.at('weight'))
  const start = normalOf(1 / Math.sqrt(3 * 9 * depth))
  const coefficients = createParam('weight', [1, 1, 2 * depth, outputChannels], start, init.at('coefficients'))
  return {
    params: { weight, coefficients },
    // The slopes of a channel are two filters of nine taps.
    macs: 11 * depth * outputChannels + 18 * inputChannels,
    apply: (x) => twist(x, { kernel: value(weight), coefficients: value(coefficients) }, window),
  }
}

function centres({ inputChannels, outputChannels, stride, init }: BlockContext): Version {
  const kernel = (name: string) =>
    createParam('weight', [3, 3, inputChannels, outputChannels], kernelStart, init.at(name))
  const centre = (name: string) => createParam('weight', [outputChannels], normalOf(0.7), init.at(name))
  const [weight, weightX, weightY] = [kernel('weight'), kernel('weightX'), kernel('weightY')]
  const [centreX, centreY] = [centre('centreX'), centre('centreY')]
  return {
    params: { weight, weightX, weightY, centreX, centreY },
    macs: 27 * inputChannels * outputChannels,
    apply(x) {
      const [kernelX, kernelY] = [antisymmetric(value(weightX)), antisymmetric(value(weightY))]
      const around = { centreX: centreX.value, centreY: centreY.value }
      return twistAroundCentres(x, { kernel: value(weight), kernelX, kernelY }, around, stride)
    },
  }
}

function twistLayer({ inputChannels, outputChannels, stride, init }: BlockContext): Version {
  const kernel = (name: string) =>
    createParam('weight', [3, 3, inputChannels, outputChannels], kernelStart, init.at(name))
  const between = (name: string, low: number, high: number) =>
    createParam('weight', [outputChannels], uniformOf(low, high), init.at(name))
  const [weight, weightX] = [kernel('weight'), kernel('weightX')]
  const [centreX, centreY] = [between('centreX', -0.7, 0.7), between('centreY', -0.7, 0.7)]
  const radius = between('radius', 0.3, 0.7)
  return {
    params: { weight, weightX, centreX, centreY, radius },
    macs: 27 * inputChannels * outputChannels,
    apply(x) {
      const circles = { centreX: centreX.value, centreY: centreY.value, radius: radius.value }
      return twistInCircles(x, { kernel: value(weight), kernelX: antisymmetric(value(weightX)) }, circles, stride)
    },
  }
}

function check({ version, channelsPerGroup, permute }: Options, context: BlockContext): void {
  const { inputChannels, outputChannels, kernelSize } = context
  if (kernelSize !== 3) {
    fail('E_SHAPE', {
      what: 'twist was asked for what it cannot do.',
      expected: 'a kernel of 3 × 3.',
      received: `a kernel of ${kernelSize} × ${kernelSize}.`,
      fix: 'put another block into the slot.',
    })
  }
  if (version !== 'two-coefficients' && (channelsPerGroup !== 0 || permute)) {
    fail('E_OPTION_RANGE', {
      what: `twist has no groups in the version "${version}".`,
      expected: '`channelsPerGroup` 0 and `permute` false, or the version "two-coefficients".',
      received: `channelsPerGroup ${channelsPerGroup}, permute ${permute}.`,
    })
  }
  const groups = inputChannels / (channelsPerGroup === 0 ? inputChannels : channelsPerGroup)
  if (!Number.isInteger(groups) || outputChannels % groups !== 0) {
    fail('E_SHAPE', {
      what: 'twist cannot divide its channels into groups.',
      expected: `multiples of ${channelsPerGroup} channels in, and of the number of groups out.`,
      received: `${inputChannels} channels in, ${outputChannels} out.`,
      fix: 'choose another `channelsPerGroup` or another width of the model.',
    })
  }
}
