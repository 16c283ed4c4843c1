export { removeTemporaries, writeFileAtomic } from './atomic-file.ts'
export { cacheFolder } from './cache-folder.ts'
export { timeOfFileSystem, writtenAt } from './file-clock.ts'
export { findLeftovers, temporaryName } from './leftovers.ts'
export { makeFolder } from './make-folder.ts'
export {
  describeProcess,
  identifyProcess,
  isRunning,
  machineIdentity,
  type ProcessIdentity,
} from './process-identity.ts'
export { makeScratchFolder } from './scratch-folder.ts'
