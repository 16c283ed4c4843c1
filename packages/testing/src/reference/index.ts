/** Reference loops: naive, readable, float64 throughout. What kernels are tested against. */
export { type BatchNormParams, batchNorm } from './batch-norm.ts'
export { conv2d } from './conv2d.ts'
export { averagePool2d, maxPool2d } from './pool.ts'
export { fromTensor, type ReferenceArray, referenceArray } from './reference-array.ts'
export { softmax, softmaxCrossEntropy } from './softmax-cross-entropy.ts'
export { transformImages } from './transform-images.ts'
