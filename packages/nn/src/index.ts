import { definePlugin } from '@tricklab/core'
import { conv } from './blocks/conv.ts'
import { doubleConv } from './blocks/double-conv.ts'
import { residualConv } from './blocks/residual-conv.ts'
import { crossEntropy } from './losses/cross-entropy.ts'
import { accuracy } from './metrics/accuracy.ts'
import { resnet18 } from './models/resnet.ts'
import { slowaiCnn, slowaiDeeperCnn } from './models/slowai.ts'

export { createConvBlock } from './blocks/conv.ts'
export { createDoubleConvBlock } from './blocks/double-conv.ts'
export { createResidualConvBlock } from './blocks/residual-conv.ts'
export { type Initializer, kaimingNormal, torchBias, torchWeight } from './init.ts'
export * from './layers/index.ts'
export { createCrossEntropy } from './losses/cross-entropy.ts'
export { createAccuracy } from './metrics/accuracy.ts'
export { createLayeredModel } from './models/layered.ts'
export * from './ops/index.ts'
export { formatShape, within } from './shape.ts'
export { formatSummary, type LayerSummary, type Summary, summarize } from './summary.ts'

/** Blocks, models, losses and metrics that every recipe may count on. */
export const nn = definePlugin({
  name: 'nn',
  core: '^0.1.0',
  register: (on) => [
    on.block('conv', conv),
    on.block('residual-conv', residualConv),
    on.block('double-conv', doubleConv),
    on.model('slowai-cnn', slowaiCnn),
    on.model('slowai-deeper-cnn', slowaiDeeperCnn),
    on.model('resnet18', resnet18),
    on.loss('cross-entropy', crossEntropy),
    on.metric('accuracy', accuracy),
  ],
})
