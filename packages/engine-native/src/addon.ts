/** Finds and loads the compiled addon, and says plainly why it cannot. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from '@tricklab/core'
import { type Cpu, mismatch } from '../scripts/cpu.mjs'

/** What scripts/build.mjs writes beside the binary. */
export interface Build {
  compiler: string
  flags: string[]
  platform: string
  arch: string
  cpu: Cpu
  napi: number
  providers: string[]
}

/** A typed array that a kernel reads or writes; checked on the other side. */
export type Values = Float32Array | Int32Array | Uint8Array

type Functions = Record<string, (...values: never[]) => unknown>

/** Functions of native/binding. Each topic declares its own by `addonFunctions`. */
export interface BaseAddon {
  allocate(bytes: number, handle: Float64Array): ArrayBuffer | undefined
  release(buffer: ArrayBuffer, handle: number): void
  allocated(): number
  threads(count?: number): number
}

export interface LoadedAddon {
  functions: BaseAddon
  build: Build | undefined
}

const require = createRequire(import.meta.url)
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const rebuild = `node ${path.relative(process.cwd(), path.join(root, 'scripts', 'build.mjs'))}`

let loaded: LoadedAddon | undefined

/**
 * The addon: an installed package `@tricklab/engine-native-<platform>-<arch>` first, else what scripts/build.mjs made.
 * @errors E_ENGINE_UNAVAILABLE when there is none, or it was made for another processor or Node
 */
export function loadAddon(): LoadedAddon {
  loaded ??= load(locate())
  return loaded
}

/** The addon's functions as one topic sees them; the topic vouches for the types. */
export function addonFunctions<T>(): T {
  return loadAddon().functions as T
}

function locate(): string {
  const chosen = process.env.TRICKLAB_NATIVE_DIST
  if (chosen !== undefined) return path.resolve(root, chosen, 'engine.node')
  try {
    return require.resolve(`@tricklab/engine-native-${process.platform}-${process.arch}`)
  } catch {
    return path.join(root, 'dist', 'engine.node')
  }
}

/** Loads one file; exported for tests. */
export function load(file: string): LoadedAddon {
  if (!existsSync(file)) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: 'The engine native is not built.',
      expected: 'a C++17 compiler (g++ or clang) when Tricklab was installed.',
      fix: `install one, then run \`${rebuild}\`; or use --engine wasm, which needs nothing but npm.`,
    })
  }
  const build = readBuild(path.join(path.dirname(file), 'build.json'))
  // Asked before loading: code for instructions that this processor lacks ends the process at the first of them.
  const difference = build === undefined ? undefined : whyNot(build)
  if (difference !== undefined) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The engine native was built for another machine: ${difference}.`,
      fix: `run \`${rebuild}\`.`,
    })
  }
  try {
    return { functions: require(file) as BaseAddon & Functions, build }
  } catch (error) {
    fail('E_ENGINE_UNAVAILABLE', {
      what: `The engine native does not load: ${(error as Error).message.split('\n')[0]}.`,
      fix: `run \`${rebuild}\`.`,
      cause: error,
    })
  }
}

function readBuild(file: string): Build | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Build
  } catch {
    // A prebuilt package need not carry one.
    return undefined
  }
}

function whyNot(build: Build): string | undefined {
  if (build.platform !== process.platform || build.arch !== process.arch) {
    return `it was built for ${build.platform}-${build.arch}, this is ${process.platform}-${process.arch}`
  }
  if (build.napi > Number(process.versions.napi)) {
    return `it wants Node-API ${build.napi}, this Node has ${process.versions.napi}`
  }
  return mismatch(build.cpu)
}
