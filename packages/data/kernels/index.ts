// Kernels on the pixels of one image. AssemblyScript: compiled by scripts/build-kernels.mjs, not by tsc.
export { light, normalize } from './finish'
export { narrow, shorten } from './resample'
export { sampleMap, shrinkArea, widen } from './sample'
