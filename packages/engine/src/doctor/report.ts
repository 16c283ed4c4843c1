import type { EngineName } from '../driver.ts'

/** What `doctor` found out about one engine on this machine; text fields are empty where there is nothing to say. */
export interface EngineReport {
  readonly name: EngineName
  /** Prepared, trained a step, and computed the right numbers. */
  readonly works: boolean
  /** Why it does not work. */
  readonly why: string
  /** The one command or step that would make it work. */
  readonly command: string
  readonly version: string
  readonly device: string
  readonly threads: number
  /** Milliseconds of the small fixed training step: median of turns that all engines took alternately. */
  readonly stepMs: number | undefined
  /** The fastest and the slowest of these turns. @unit milliseconds */
  readonly stepRangeMs: readonly [number, number] | undefined
  /** Milliseconds from the start of its process to the end of the first step. */
  readonly startMs: number | undefined
  /** Kernels that training may ask for and that this engine lacks. */
  readonly missingKernels: readonly string[]
  readonly notes: readonly string[]
}

/** What to do where no command is known to help. */
export const reportIt = 'none is known; report it as a defect, with this output.'

/** The report of an engine that does not work. */
export function brokenReport(name: EngineName, why: string, command: string): EngineReport {
  return {
    name,
    works: false,
    why,
    command,
    version: '',
    device: '',
    threads: 0,
    stepMs: undefined,
    stepRangeMs: undefined,
    startMs: undefined,
    missingKernels: [],
    notes: [],
  }
}
