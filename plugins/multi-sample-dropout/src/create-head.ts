import { type Block, type BlockContext, type OptionValues, opt } from '@tricklab/core'
import * as tf from '@tricklab/core/tf'
import {
  activated,
  applyPart,
  collectParams,
  createGlobalAveragePool,
  createLinear,
  dropout,
  kaimingNormal,
  sequential,
  zeros,
} from '@tricklab/nn'
import { meanOfSamples } from './mean-of-samples.ts'

export const options = {
  samples: opt.integer({ min: 1, default: 8, unit: 'masks', doc: 'Number of dropout masks per image and step.' }),
  rate: opt.number({ min: 0, below: 1, default: 0.5, doc: 'Share of the features that each mask drops.' }),
}

/**
 * Multi-sample dropout: the mean over all positions, then one linear map under several dropout masks of the same features;
 * the scores are averaged. Their gradient is that of the mean of the samples' losses, for a cross-entropy that is the mean
 * over the batch. In evaluation it is the linear map alone.
 * @shape `[N, H, W, inputChannels]` → `[N, 1, 1, outputChannels]`
 * @paper arXiv:1905.09788
 * @differs the printed training loss is that of the mean scores, which is at most the paper's; weights move as the paper's
 */
export function createMultiSampleDropout(
  { samples, rate }: OptionValues<typeof options>,
  context: BlockContext,
): Block {
  const { inputChannels: inputs, outputChannels: outputs, init } = context
  const start = { weight: kaimingNormal({ slope: 0, fan: 'in' }), biasStart: zeros }
  const linear = createLinear({ inputs, outputs, init: init.scope('linear'), ...start })
  const pool = createGlobalAveragePool()
  const plain = sequential({ pool, linear })
  const block: Block = {
    params: collectParams({ linear }),
    outputShape: (input) => plain.outputShape(input),
    macs: (input) => plain.macs(input),
    apply(images, apply) {
      if (!apply.training) return plain.apply(images, apply)
      const means = pool.apply(images, apply)
      const batch = means.shape[0]
      const masked = Array.from({ length: samples }, (_, sample) =>
        dropout(means, rate, apply.rng.at('mask', sample).integer(2 ** 32)),
      )
      const rows = tf.reshape(tf.concat(masked, 1), [batch * samples, 1, 1, inputs]) as tf.Tensor4D
      const scores = applyPart('linear', linear, rows, apply)
      const mean = meanOfSamples(tf.reshape(scores, [batch, samples, outputs]))
      return tf.reshape(mean, [batch, 1, 1, outputs])
    },
    dispose: () => plain.dispose(),
  }
  return activated(block, context)
}
