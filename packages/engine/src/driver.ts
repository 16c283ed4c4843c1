import os from 'node:os'
import { fail } from '@tricklab/core'

/** The engines that come with Tricklab, in the order in which `doctor` lists them. */
export const ownEngines = ['native', 'wasm', 'tensorflow', 'webgpu', 'cpu'] as const

export type OwnEngine = (typeof ownEngines)[number]

/** An engine that comes with Tricklab, or one that a package defines. */
export type EngineName = OwnEngine | (string & {})

/** What numbers convolutions and matrix products read; an engine may offer others than these two. */
export type Precision = 'f32' | 'bf16' | (string & {})

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

/** What an engine says of itself once it is prepared; name and precision are known to the caller. */
export type Prepared = Omit<Engine, 'name' | 'precision'>

/** An engine before it is prepared: what `defineEngine` takes. */
export interface EngineDefinition {
  /** What `--engine` says: lower-case letters, digits and dashes. */
  readonly name: string
  /** `f32` among them: what everything is computed in unless a recipe or `--precision` asks for another. */
  readonly precisions: readonly Precision[]
  /**
   * Imports the backend (never sooner, so that choosing one engine does not pay for another's start-up), registers its
   * kernels and makes it TF.js's current one.
   * @param options `precision` is one of `precisions`; `onNotice` takes what a person should know
   * @errors E_ENGINE_UNAVAILABLE where it does not work on this machine, with what would make it work; E_PRECISION where
   * this machine lacks the precision; E_OPTION_RANGE for a number of threads that it cannot start
   */
  prepare(options: EngineOptions): Promise<Prepared>
}

const brand: unique symbol = Symbol.for('@tricklab/engine:engine') as never

/** What `defineEngine` makes. */
export interface EngineDriver extends EngineDefinition {
  readonly [brand]: true
}

/**
 * Declares an engine: a TF.js backend that a package brings, and how it is prepared. Nothing happens until it is asked for
 * by name; `auto` never takes it, so an installed package cannot change a result.
 * @errors E_ENGINE_DEFINITION
 */
export function defineEngine(definition: EngineDefinition): EngineDriver {
  const { name, precisions } = definition
  const refuse = (what: string, expected: string, received: string) =>
    fail('E_ENGINE_DEFINITION', { what, expected, received, fix: 'correct what defineEngine is given.' })
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name === 'auto') {
    refuse('An engine has a name that cannot be.', 'lower-case letters, digits and dashes; not "auto".', `"${name}".`)
  }
  if (!precisions.includes('f32')) {
    refuse(`The engine ${name} does not compute in f32.`, '"f32" among its precisions.', `[${precisions.join(', ')}].`)
  }
  return { ...definition, [brand]: true }
}

/** Whether a value was made by `defineEngine`, by that of another copy of this package too. */
export const isEngine = (value: unknown): value is EngineDriver =>
  typeof value === 'object' && value !== null && brand in value

/** The CPU's model as the operating system names it. */
export function cpuModel(): string {
  return os.cpus()[0]?.model.trim() || `${process.arch} CPU`
}
