// Entry of the kernel module: everything that TypeScript calls.
export { mapSeparably } from './blur'
export {
  convolve,
  convolveFilterGrad,
  convolveWorkspace,
  filterGradWorkspace,
  finishFilterGrad,
  packFilterTransposed,
} from './conv'
export { depthwiseFilterGrad, depthwiseInputGrad } from './depthwise'
export {
  addRelu,
  binaryMiddle,
  dropout,
  leakyReluOffset,
  leakyReluOffsetGrad,
  reluGrad,
  segmentSum,
  transpose,
  zero,
} from './elementwise'
export { packB, packedFloats } from './gemm'
export { softmaxCrossEntropy } from './loss'
export { gelu, geluGrad } from './gelu'
export { mish, mishGrad } from './mish'
export { batchMoments, batchNormGrad, batchNormScale, normalize } from './norm'
export { adamw, columnMeans, ranger, sgd } from './optimizer'
export { pool, poolGrad } from './pool'
export { broadcastMiddle, reduceSum } from './reduce'
