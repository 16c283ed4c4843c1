import { type Block, disposeParams, fail, type Rng, type Shape } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import { type Initializer, torchWeight } from '../init.ts'
import { groupedConv2d } from '../ops/grouped-conv2d.ts'
import { expectChannels, expectPixels, windowCount } from '../shape.ts'
import { createParam } from './param.ts'

export interface GroupedConv2dSpec {
  readonly inputChannels: number
  readonly outputChannels: number
  readonly kernelSize: number
  readonly stride: number
  readonly groups: number
  /**
   * Input groups that every output group reads, as maps: `links[l][g]` is one that output group g reads. Default: each
   * its own.
   */
  readonly links?: readonly (readonly number[])[]
  readonly init: Rng
  /** Default: PyTorch's. */
  readonly weight?: Initializer
}

/**
 * Convolution in groups, without bias; every output group sums over the input groups that it reads.
 * @shape `[N, H, W, inputChannels]` → `[N, H', W', outputChannels]`, weight
 *   `[k, k, links · inputChannels / groups, outputChannels]`
 * @errors E_SHAPE where the groups divide the channels unevenly
 */
export function createGroupedConv2d(spec: GroupedConv2dSpec): Block {
  const { inputChannels, outputChannels, kernelSize, stride, groups, init } = spec
  expectGroups(spec)
  const padding = Math.floor(kernelSize / 2)
  const own = Array.from({ length: groups }, (_, group) => group)
  const { links = [own] } = spec
  const depth = inputChannels / groups
  const shape = [kernelSize, kernelSize, links.length * depth, outputChannels]
  const weight = createParam('weight', shape, spec.weight ?? torchWeight, init.at('weight'))
  const window = { kernelSize, stride, padding }
  const outputShape = (input: Shape): Shape => {
    expectChannels('grouped convolution', input, inputChannels)
    const [height, width] = [windowCount(input[0], window), windowCount(input[1], window)]
    return expectPixels('grouped convolution', input, [height, width, outputChannels])
  }
  return {
    params: { weight },
    outputShape,
    macs(input) {
      const [height, width] = outputShape(input)
      return height * width * weight.value.size
    },
    apply(images) {
      const [, height, width, channels] = images.shape
      outputShape([height, width, channels])
      const filter = weight.value as tf.Tensor4D
      const filters = links.length === 1 ? [filter] : (tf.split(filter, links.length, 2) as tf.Tensor4D[])
      const parts = links.map((sources, link) =>
        groupedConv2d(images, filters[link]!, { groups, sources, stride, padding }),
      )
      return parts.reduce((sum, part) => tf.add(sum, part) as tf.Tensor4D)
    },
    dispose: () => disposeParams({ weight }),
  }
}

/** @errors E_SHAPE where the groups divide the channels unevenly */
function expectGroups({ inputChannels, outputChannels, groups }: GroupedConv2dSpec): void {
  if (inputChannels % groups === 0 && outputChannels % groups === 0) return
  fail('E_SHAPE', {
    what: 'A grouped convolution cannot divide its channels evenly.',
    expected: `numbers of channels that ${groups} divides.`,
    received: `${inputChannels} channels in, ${outputChannels} out, ${groups} groups.`,
    fix: 'choose another number or size of groups, or another width of the model.',
  })
}
