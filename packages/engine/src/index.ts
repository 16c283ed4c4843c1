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
