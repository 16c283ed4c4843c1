import type { EngineName } from './driver.ts'

/** What `doctor` found out about one engine on this machine. */
export interface EngineReport {
  readonly name: EngineName
  readonly works: boolean
}

export async function probeEngines(): Promise<EngineReport[]> {
  return []
}

export function formatDoctor(_reports: readonly EngineReport[]): string {
  return ''
}
