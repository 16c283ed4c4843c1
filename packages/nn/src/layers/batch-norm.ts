import { type Block, disposeParams, fail, type Shape } from '@tricklab/core'
import type { FusedActivation } from '@tricklab/core/fused'
import type * as tf from '@tricklab/core/tf'
import { batchNormEval, batchNormTrain, fusedBatchNormRunning } from '../ops/batch-norm.ts'
import { fusedLinear } from '../ops/relu.ts'
import { expectChannels, formatShape } from '../shape.ts'
import { createConstantParam } from './param.ts'

export interface BatchNormSpec {
  readonly channels: number
  /** Applied to the result in the same pass; default: none. */
  readonly activation?: FusedActivation
  /** Default 1e-5. */
  readonly epsilon?: number
  /** Weight of the newest batch in the running statistics; default 0.1. */
  readonly momentum?: number
  /** Where γ starts; default 1. */
  readonly gamma?: number
}

/**
 * Batch norm as PyTorch's: statistics of the batch in training, running ones in evaluation; the running variance is
 * the unbiased one.
 * @shape `[N, H, W, C]`, kept
 * @errors E_SHAPE for other channels, or when a training batch holds one value a channel
 * @paper arXiv:1502.03167
 * @differs the paper averages the statistics of several batches after training; PyTorch, and so we, keep a running mean
 */
export function createBatchNorm(spec: BatchNormSpec): Block {
  const { channels, activation = fusedLinear, epsilon = 1e-5, momentum = 0.1, gamma = 1 } = spec
  const params = {
    gamma: createConstantParam('norm', [channels], gamma),
    beta: createConstantParam('norm', [channels], 0),
    mean: createConstantParam('buffer', [channels], 0),
    variance: createConstantParam('buffer', [channels], 1),
  }

  function train(images: tf.Tensor4D, shape: Shape): tf.Tensor4D {
    const count = images.size / channels
    if (count === 1) {
      fail('E_SHAPE', {
        what: 'Batch norm cannot train on a single value for each channel.',
        expected: 'more than one image, or images larger than 1 × 1.',
        received: `one image of ${formatShape(shape)}.`,
        fix: 'choose a batch size that does not leave a last batch of one image.',
      })
    }
    const { y, stats } = batchNormTrain(images, params.gamma.value, params.beta.value, { epsilon, activation })
    const [mean, variance] = fusedBatchNormRunning.run(
      { stats, mean: params.mean.value, variance: params.variance.value },
      { momentum, correction: count / (count - 1) },
    )
    params.mean.value.assign(mean)
    params.variance.value.assign(variance)
    return y
  }

  return {
    params,
    outputShape(input) {
      expectChannels('batch norm', input, channels)
      return input
    },
    macs: () => 0,
    apply(images, { training }) {
      const [, height, width, depth] = images.shape
      const shape = this.outputShape([height, width, depth])
      if (training) return train(images, shape)
      const values = {
        gamma: params.gamma.value,
        beta: params.beta.value,
        mean: params.mean.value,
        variance: params.variance.value,
      }
      return batchNormEval(images, values, { epsilon, activation })
    },
    dispose: () => disposeParams(params),
  }
}
