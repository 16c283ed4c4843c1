import { type Block, disposeParams, fail } from '@tricklab/core'
import { groupNorm } from '../ops/group-norm.ts'
import { expectChannels } from '../shape.ts'
import { createConstantParam } from './param.ts'

export interface GroupNormSpec {
  readonly channels: number
  readonly groups: number
  /** Default 1e-5. */
  readonly epsilon?: number
  /** Where γ starts; default 1. */
  readonly gamma?: number
}

/**
 * Group norm: groups of channels, each over all positions of an image; the same in training and evaluation.
 * @shape `[N, H, W, channels]`, kept
 * @errors E_SHAPE for other channels, or where the groups divide them unevenly
 * @paper arXiv:1803.08494
 */
export function createGroupNorm({ channels, groups, epsilon = 1e-5, gamma = 1 }: GroupNormSpec): Block {
  if (channels % groups !== 0) {
    fail('E_SHAPE', {
      what: 'Group norm cannot divide its channels evenly.',
      expected: `a number of channels that ${groups} divides.`,
      received: `${channels} channels, ${groups} groups.`,
      fix: 'choose another number of groups, or another width of the model.',
    })
  }
  const params = {
    gamma: createConstantParam('norm', [channels], gamma),
    beta: createConstantParam('norm', [channels], 0),
  }
  return {
    params,
    outputShape(input) {
      expectChannels('group norm', input, channels)
      return input
    },
    macs: () => 0,
    apply(images) {
      const [, height, width, depth] = images.shape
      this.outputShape([height, width, depth])
      return groupNorm(images, params.gamma.value, params.beta.value, { groups, epsilon })
    },
    dispose: () => disposeParams(params),
  }
}
