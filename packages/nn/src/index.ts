import { definePlugin } from '@tricklab/core'
import manifest from '../package.json' with { type: 'json' }
import { gelu } from './activations/gelu.ts'
import { hardSigmoid } from './activations/hard-sigmoid.ts'
import { hardSwish } from './activations/hard-swish.ts'
import { identity } from './activations/identity.ts'
import { leakyRelu } from './activations/leaky-relu.ts'
import { relu } from './activations/relu.ts'
import { swish } from './activations/swish.ts'
import { batchNorm } from './blocks/batch-norm.ts'
import { conv } from './blocks/conv.ts'
import { conv2dBlock } from './blocks/conv2d.ts'
import { doubleConv } from './blocks/double-conv.ts'
import { groupNorm } from './blocks/group-norm.ts'
import { layerNorm } from './blocks/layer-norm.ts'
import { linearHead } from './blocks/linear-head.ts'
import { averagePool, maxPool } from './blocks/pools.ts'
import { residualConv } from './blocks/residual-conv.ts'
import { resnextBranch } from './blocks/resnext-branch.ts'
import { xresnetBlock } from './blocks/xresnet-block.ts'
import { crossEntropy } from './losses/cross-entropy.ts'
import { accuracy } from './metrics/accuracy.ts'
import { topKAccuracy } from './metrics/top-k-accuracy.ts'
import { resnet } from './models/resnet.ts'
import { slowaiCnn, slowaiDeeperCnn } from './models/slowai.ts'
import { xresnet } from './models/xresnet.ts'

export { geluActivation } from './activations/gelu.ts'
export { reluActivation } from './activations/relu.ts'
export { swishActivation } from './activations/swish.ts'
export { activated } from './blocks/activated.ts'
export { createBatchNormBlock } from './blocks/batch-norm.ts'
export { createConvBlock } from './blocks/conv.ts'
export { createConvNorm } from './blocks/conv-norm.ts'
export { createConv2dBlock } from './blocks/conv2d.ts'
export { createDoubleConvBlock } from './blocks/double-conv.ts'
export { createLinearHead } from './blocks/linear-head.ts'
export type { Offers, PlaceContext } from './blocks/offers.ts'
export { createAveragePoolBlock, createMaxPoolBlock } from './blocks/pools.ts'
export {
  createAttentions,
  createDownsamplingPool,
  createResidualBranch,
  createShortcut,
  joinResidual,
} from './blocks/residual.ts'
export { createResidualConvBlock } from './blocks/residual-conv.ts'
export { type ConvWindow, createSwappable } from './blocks/swap.ts'
export { createXresnetBlock } from './blocks/xresnet-block.ts'
export { costOf, type ModelCost } from './cost.ts'
export {
  type ExportMetadata,
  exportOnnx,
  exportTfjs,
  fromPublished,
  type PublishedName,
  type TfjsModel,
  toPublished,
} from './export/index.ts'
export { type Initializer, kaimingNormal, normal, torchBias, torchWeight, zeros } from './init.ts'
export * from './layers/index.ts'
export { createCrossEntropy } from './losses/cross-entropy.ts'
export { createAccuracy } from './metrics/accuracy.ts'
export { createLayeredModel } from './models/layered.ts'
export * from './ops/index.ts'
export { expectChannels, expectKept, expectPixels, formatShape, windowCount, within } from './shape.ts'
export { formatSummary, type LayerSummary, type Summary, summarize } from './summary.ts'

/** Blocks, models, losses and metrics that every recipe may count on. */
export const nn = definePlugin({
  name: 'nn',
  version: manifest.version,
  core: manifest.peerDependencies['@tricklab/core'],
  register: (on) => [
    on.block('conv', conv),
    on.block('residual-conv', residualConv),
    on.block('double-conv', doubleConv),
    on.block('conv2d', conv2dBlock),
    on.block('batch-norm', batchNorm),
    on.block('layer-norm', layerNorm),
    on.block('group-norm', groupNorm),
    on.block('max-pool', maxPool),
    on.block('average-pool', averagePool),
    on.block('xresnet-block', xresnetBlock),
    on.block('resnext-branch', resnextBranch),
    on.block('linear-head', linearHead),
    on.activation('relu', relu),
    on.activation('leaky-relu', leakyRelu),
    on.activation('identity', identity),
    on.activation('swish', swish),
    on.activation('gelu', gelu),
    on.activation('hard-swish', hardSwish),
    on.activation('hard-sigmoid', hardSigmoid),
    on.model('slowai-cnn', slowaiCnn),
    on.model('slowai-deeper-cnn', slowaiDeeperCnn),
    on.model('resnet18', resnet('resnet18')),
    on.model('resnet50', resnet('resnet50')),
    on.model('xresnet18', xresnet('xresnet18')),
    on.model('xresnet34', xresnet('xresnet34')),
    on.model('xresnet50', xresnet('xresnet50')),
    on.model('xresnet101', xresnet('xresnet101')),
    on.model('xresnet152', xresnet('xresnet152')),
    on.loss('cross-entropy', crossEntropy),
    on.metric('accuracy', accuracy),
    on.metric('top-k-accuracy', topKAccuracy),
  ],
})
