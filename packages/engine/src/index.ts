export {
  type Engine,
  type EngineName,
  type EngineOptions,
  type EngineReport,
  engineNames,
  formatDoctor,
  type Precision,
  prepareEngine,
  probeEngines,
} from './engine.ts'
export { type InstallOptions, type InstallProgress, installTensorflow } from './tensorflow/install.ts'
export type { InstalledTensorflow } from './tensorflow/layout.ts'
