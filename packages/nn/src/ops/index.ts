export {
  type BatchNormOptions,
  batchNormEval,
  batchNormTrain,
  fusedBatchNormEval,
  fusedBatchNormRunning,
  fusedBatchNormTrain,
  fusedBatchNormTrainGrad,
} from './batch-norm.ts'
export { conv2d, type Padding } from './conv2d.ts'
export { applyDropConnect, drawDropConnect } from './drop-connect.ts'
export { dropout, dropoutHash, fusedDropout } from './dropout.ts'
export { fusedGelu, fusedGeluGrad, type GeluForm, gelu } from './gelu.ts'
export { groupNorm } from './group-norm.ts'
export {
  fusedGroupedConv2d,
  fusedGroupedConv2dBackpropFilter,
  fusedGroupedConv2dBackpropInput,
  type GroupedConv2dAttrs,
  type GroupedConv2dOptions,
  groupedConv2d,
  previousInCycle,
} from './grouped-conv2d.ts'
export { hardSigmoid, hardSwish } from './hard-swish.ts'
export { fusedLayerNorm, fusedLayerNormGrad, layerNorm } from './layer-norm.ts'
export { fusedLeakyReluOffset, fusedLeakyReluOffsetGrad, leakyReluOffset } from './leaky-relu-offset.ts'
export { averagePool2, globalAveragePool, maxPool, maxPool2 } from './pool.ts'
export { addRelu, fusedAddRelu, fusedLinear, fusedRelu, fusedReluGrad, relu } from './relu.ts'
export { fusedSoftmaxCrossEntropy, softmaxCrossEntropy } from './softmax-cross-entropy.ts'
export { fusedSwish, fusedSwishGrad, swish } from './swish.ts'
