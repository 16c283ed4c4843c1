export { useBackend } from './backend.ts'
export { type EngineReport, formatDoctor, probeEngines } from './doctor/index.ts'
export {
  defineEngine,
  type Engine,
  type EngineDefinition,
  type EngineDriver,
  type EngineName,
  type EngineOptions,
  type Precision,
  type Prepared,
} from './driver.ts'
export { prepareEngine } from './engine.ts'
export { engineNames, registerEngine } from './known.ts'
export { type InstallOptions, type InstallProgress, installTensorflow } from './tensorflow/install.ts'
export type { InstalledTensorflow } from './tensorflow/layout.ts'
export { allowOneThread } from './threads.ts'
