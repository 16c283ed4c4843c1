export { type BatchNormSpec, createBatchNorm } from './batch-norm.ts'
export { type Conv2dSpec, createConv2d } from './conv2d.ts'
export { createDepthwiseConv2d, type DepthwiseConv2dSpec } from './depthwise-conv2d.ts'
export { createGroupNorm, type GroupNormSpec } from './group-norm.ts'
export { createGroupedConv2d, type GroupedConv2dSpec } from './grouped-conv2d.ts'
export { keptInLine } from './kept.ts'
export { createLayerNorm, type LayerNormSpec } from './layer-norm.ts'
export { createLayerScale } from './layer-scale.ts'
export { createLinear, type LinearSpec } from './linear.ts'
export { createConstantParam, createParam } from './param.ts'
export {
  createActivationLayer,
  createAveragePool2,
  createDropPath,
  createGeneralRelu,
  createGlobalAveragePool,
  createMaxPool,
  createMaxPool2,
} from './parameter-free.ts'
export { applyPart, collectParams, disposeParts, type Parts, sequential } from './sequential.ts'
export { createSqueezeExcite, type SqueezeExciteSpec } from './squeeze-excite.ts'
export { type LayerPadding, resolvePadding, windowOutput } from './window.ts'
