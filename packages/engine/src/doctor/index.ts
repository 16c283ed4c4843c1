export { formatDoctor } from './format.ts'
export { probeEngines } from './probe.ts'
export type { EngineReport } from './report.ts'
