export * from './arbitraries/index.ts'
export {
  type Comparable,
  type Comparison,
  compare,
  type NestedNumbers,
  type ShapedNumbers,
  type Tolerance,
} from './close.ts'
export { type ActivationSpec, checkActivation } from './contract/activation.ts'
export { type AugmentationSpec, checkAugmentation } from './contract/augmentation.ts'
export { type BlockShape, type BlockSpec, checkBlock } from './contract/block.ts'
export { type CallbackSpec, checkCallback } from './contract/callback.ts'
export type { ContractProblem, Selection } from './contract/check.ts'
export { type CropSpec, checkCrop } from './contract/crop.ts'
export { checkDataset, type DatasetSpec } from './contract/dataset.ts'
export { checkLoss, type LossSpec } from './contract/loss.ts'
export { checkMetric, type MetricSpec } from './contract/metric.ts'
export { checkModel, type ModelSpec } from './contract/model.ts'
export { checkOptimizer, type OptimizerSpec } from './contract/optimizer.ts'
export { checkPredictor, type PredictorSpec } from './contract/predictor.ts'
export { checkSampler, type SamplerSpec } from './contract/sampler.ts'
export { checkSchedule, type ScheduleSpec } from './contract/schedule.ts'
export type { ComponentSpec, OptionSet } from './contract/spec.ts'
export { type BatchNormCases, batchNormCases, type ExactActivation } from './engine/batch-norm-cases.ts'
export { type EngineSpec, engineContract } from './engine/contract.ts'
export {
  createValues,
  type FusedCase,
  fusedContract,
  relativeError,
  runFused,
  type Values,
} from './engine/fused.ts'
export { type GradientCase, gradientCases, runGradientCase } from './engine/gradient-cases.ts'
export { describeOnEngines } from './engine/on-engines.ts'
export { type CosineFit, chirp, fitCosine } from './fit/cosine-fit.ts'
export * as reference from './reference/index.ts'
export { savedForBackward } from './saved-for-backward.ts'
export {
  activationContract,
  augmentationContract,
  blockContract,
  callbackContract,
  cropContract,
  datasetContract,
  lossContract,
  metricContract,
  modelContract,
  optimizerContract,
  predictorContract,
  samplerContract,
  scheduleContract,
} from './suite.ts'
