import { type Block, type BlockContext, disposeParams, fail, type OptionValues, opt, type Shape } from '@tricklab/core'
import type * as tf from '@tricklab/core/tf'
import {
  activated,
  createParam,
  expectChannels,
  expectPixels,
  type Initializer,
  kaimingNormal,
  type PlaceContext,
  previousInCycle,
  torchWeight,
  windowCount,
} from '@tricklab/nn'
import { antisymmetric } from './kernels.ts'
import { iterate, type TwistWindow, twist, twistAroundCentres, twistInCircles } from './twists.ts'

export const options = {
  version: opt.choice(['two-coefficients', 'centres', 'twist-layer'], {
    default: 'two-coefficients',
    doc: 'The version of the layer, as its author changed it over time: `twist-layer` came first, then `centres`, then `two-coefficients`.',
  }),
  iters: opt.integer({
    min: 1,
    default: 1,
    unit: 'steps',
    doc: 'Number of Euler steps in layers that keep channels and size; other layers take one.',
  }),
  channelsPerGroup: opt.integer({
    min: 0,
    default: 0,
    unit: 'channels',
    doc: 'Number of input channels per group, in version `two-coefficients`; 0 keeps the groups of the replaced convolution.',
  }),
  permute: opt.boolean({
    default: false,
    doc: 'Whether every group reads the group before it, in version `two-coefficients`.',
  }),
  kernels: opt.choice(['3x3', 'any'], {
    default: '3x3',
    doc: 'The convolutions that the layer replaces in the slot `swap`: only `3x3`, or `any` size, which then becomes 3 × 3.',
  }),
  outputsAbove: opt.integer({
    min: 0,
    default: 0,
    unit: 'channels',
    doc: 'The layer replaces convolutions with more output channels than this; the source has 32.',
  }),
  groups: opt.choice(['kept', 'none'], {
    default: 'kept',
    doc: 'Whether the groups of the replaced convolution are `kept`, or there is one group (`none`).',
  }),
  start: opt.choice(['kaiming', 'torch'], {
    default: 'kaiming',
    doc: 'Initialisation of the kernels: `kaiming` is Kaiming-normal; `torch` is the uniform default of PyTorch, which a layer swapped in after the model was initialised keeps.',
  }),
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
 * Kernels start as `start` says; the two coefficients start at the deviation of PyTorch's uniform kernel, as the source
 * takes it from the convolution before that is drawn anew. In the slot `swap` the places that it does not take keep their
 * convolution.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`; works at any size, as positions are relative
 * @errors E_SHAPE for a place that it does not take, outside of `swap`, and for channels that the groups do not divide;
 *   E_OPTION_RANGE for groups of its own in a version without them
 * @paper none: forums.fast.ai/t/64806
 * @differs the source overwrites weights with their antisymmetric part, and Ky of the first version with Kx turned, outside
 *   the gradient; here both are part of the function, so Kx learns from both terms and there is no unused Ky
 */
export function createTwist(values: Options, context: PlaceContext): Block {
  const { inputChannels, outputChannels, stride, offers: { original } = {} } = context
  const takes = takesPlace(values, context)
  if (!takes && original !== undefined) return original()
  check(values, context, takes)
  const groups = countGroups(values, context)
  const version = { 'two-coefficients': twoCoefficients, centres, 'twist-layer': twistLayer }[values.version](context, {
    depth: inputChannels / groups,
    window: { groups, sources: previousInCycle(groups, values.permute ? groups : 1), stride },
    kernelStart: { kaiming: kaimingNormal({ slope: 0, fan: 'in' }), torch: torchWeight }[values.start],
  })
  const steps = inputChannels === outputChannels && stride === 1 ? values.iters : 1
  const window = { kernelSize: 3, stride, padding: 1 }
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

function takesPlace({ kernels, outputsAbove }: Options, { kernelSize, outputChannels }: BlockContext): boolean {
  return (kernels === 'any' || kernelSize === 3) && outputChannels > outputsAbove
}

function countGroups({ channelsPerGroup, groups }: Options, context: PlaceContext): number {
  if (channelsPerGroup > 0) return context.inputChannels / channelsPerGroup
  return groups === 'kept' ? (context.offers?.groups ?? 1) : 1
}

/** What the options make of a place. */
interface Plan {
  /** Input channels of a group. */
  readonly depth: number
  readonly window: TwistWindow
  readonly kernelStart: Initializer
}

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

function twoCoefficients(
  { inputChannels, outputChannels, init }: BlockContext,
  { depth, window, kernelStart }: Plan,
): Version {
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

function centres({ outputChannels, init }: BlockContext, { depth, window, kernelStart }: Plan): Version {
  const kernel = (name: string) => createParam('weight', [3, 3, depth, outputChannels], kernelStart, init.at(name))
  const centre = (name: string) => createParam('weight', [outputChannels], normalOf(0.7), init.at(name))
  const [weight, weightX, weightY] = [kernel('weight'), kernel('weightX'), kernel('weightY')]
  const [centreX, centreY] = [centre('centreX'), centre('centreY')]
  return {
    params: { weight, weightX, weightY, centreX, centreY },
    macs: 27 * depth * outputChannels,
    apply(x) {
      const [kernelX, kernelY] = [antisymmetric(value(weightX)), antisymmetric(value(weightY))]
      const around = { centreX: centreX.value, centreY: centreY.value }
      return twistAroundCentres(x, { kernel: value(weight), kernelX, kernelY }, around, window)
    },
  }
}

function twistLayer({ outputChannels, init }: BlockContext, { depth, window, kernelStart }: Plan): Version {
  const kernel = (name: string) => createParam('weight', [3, 3, depth, outputChannels], kernelStart, init.at(name))
  const between = (name: string, low: number, high: number) =>
    createParam('weight', [outputChannels], uniformOf(low, high), init.at(name))
  const [weight, weightX] = [kernel('weight'), kernel('weightX')]
  const [centreX, centreY] = [between('centreX', -0.7, 0.7), between('centreY', -0.7, 0.7)]
  const radius = between('radius', 0.3, 0.7)
  return {
    params: { weight, weightX, centreX, centreY, radius },
    macs: 27 * depth * outputChannels,
    apply(x) {
      const circles = { centreX: centreX.value, centreY: centreY.value, radius: radius.value }
      return twistInCircles(x, { kernel: value(weight), kernelX: antisymmetric(value(weightX)) }, circles, window)
    },
  }
}

function check(values: Options, context: PlaceContext, takes: boolean): void {
  const { version, channelsPerGroup, permute, kernels, outputsAbove } = values
  const { inputChannels, outputChannels, kernelSize } = context
  if (!takes) {
    fail('E_SHAPE', {
      what: 'The block twist cannot replace this convolution.',
      expected: `${kernels === 'any' ? 'any kernel' : 'a kernel of 3 × 3'}, and more than ${outputsAbove} output channels.`,
      received: `a kernel of ${kernelSize} × ${kernelSize}, ${outputChannels} output channels.`,
      fix: 'put another block into the slot, or put twist into the slot `swap`, where it skips convolutions that it cannot replace.',
    })
  }
  if (version !== 'two-coefficients' && (channelsPerGroup !== 0 || permute)) {
    fail('E_OPTION_RANGE', {
      what: `twist has no groups of its own in the version "${version}".`,
      expected: '`channelsPerGroup` 0 and `permute` false, or the version "two-coefficients".',
      received: `channelsPerGroup ${channelsPerGroup}, permute ${permute}.`,
    })
  }
  const groups = countGroups(values, context)
  if (!Number.isInteger(groups) || inputChannels % groups !== 0 || outputChannels % groups !== 0) {
    fail('E_SHAPE', {
      what: 'twist cannot divide its channels into groups.',
      expected:
        channelsPerGroup > 0
          ? `multiples of ${channelsPerGroup} channels in, and of the number of groups out.`
          : `multiples of the ${groups} groups of the place.`,
      received: `${inputChannels} channels in, ${outputChannels} out.`,
      fix: "choose another `channelsPerGroup`, `groups: 'none'` or another width of the model.",
    })
  }
}
