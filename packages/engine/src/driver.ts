import os from 'node:os'

/** Every engine, in the order in which `doctor` lists them. */
export const engineNames = ['native', 'wasm', 'tensorflow', 'webgpu', 'cpu'] as const

export type EngineName = (typeof engineNames)[number]

export type Precision = 'f32' | 'bf16'

/** A prepared engine: TF.js computes on it from now on. */
export interface Engine {
  readonly name: EngineName
  /** The TF.js backend behind it, as `tf.getBackend()` says it. */
  readonly backend: string
  readonly version: string
  /** Model of the CPU, or name of the GPU. */
  readonly device: string
  /** Threads of the host that compute; results are bit-identical only at the same number. */
  readonly threads: number
  readonly precision: Precision
  /** What else changes speed or numbers, such as `relaxed SIMD`; empty when there is nothing to say. */
  readonly details: string
}

export interface EngineOptions {
  /** Default: the preferred one. */
  precision?: Precision
  /** What a recipe was made for: taken where the engine offers it on this machine, else f32. Default `f32`. */
  preferredPrecision?: Precision
  /** Default: what the engine finds best on this machine. */
  threads?: number
  /** Receives what a person should know, one sentence a call; nothing is printed otherwise. */
  onNotice?: (message: string) => void
}

/** What a driver says of the engine that it prepared; name and precision are known to the caller. */
export type Prepared = Omit<Engine, 'name' | 'precision'>

/** One engine, one file: `prepare` imports the backend (never sooner) and makes it the current one. */
export interface EngineDriver {
  readonly precisions: readonly Precision[]
  /** @errors E_ENGINE_UNAVAILABLE, E_OPTION_RANGE */
  prepare(options: EngineOptions): Promise<Prepared>
}

/** The CPU's model as the operating system names it. */
export function cpuModel(): string {
  return os.cpus()[0]?.model.trim() || `${process.arch} CPU`
}
