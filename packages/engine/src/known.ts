/** Every engine that can be asked for by name: Tricklab's own, those of this process, those of the project's packages. */
import { fail } from '@tricklab/core'
import { suggest } from '@tricklab/core/errors'
import { type EngineDriver, type EngineName, isEngine, type OwnEngine, ownEngines } from './driver.ts'
import { installedEngines, loadEngine } from './installed.ts'

// Each is imported only when it is asked for, so that choosing one engine never pays for another's start-up.
const own: Record<OwnEngine, () => Promise<{ engine: EngineDriver }>> = {
  native: () => import('./native.ts'),
  wasm: () => import('./wasm.ts'),
  tensorflow: () => import('./tensorflow.ts'),
  webgpu: () => import('./webgpu.ts'),
  cpu: () => import('./cpu.ts'),
}

const registered = new Map<string, EngineDriver>()

/**
 * Makes an engine known to this process by its name. Packages that a project depends on need no call: see `installed.ts`.
 * @errors E_ENGINE_DEFINITION for a value that `defineEngine` did not make; E_ENGINE_CLASH where another engine has its name
 */
export function registerEngine(engine: EngineDriver): void {
  if (!isEngine(engine)) {
    fail('E_ENGINE_DEFINITION', {
      what: 'A value that is no engine was registered as one.',
      expected: 'what defineEngine returns.',
      received: `${typeof engine}.`,
      fix: 'wrap it: registerEngine(defineEngine({ … })).',
    })
  }
  const { name } = engine
  const known = registered.get(name)
  if (known === engine) return
  const holders = [
    ...(isOwn(name) ? ['Tricklab'] : []),
    ...installedEngines().flatMap((one) => (one.name === name ? [one.package] : [])),
  ]
  if (known !== undefined || holders.length > 0) failClash(name, [...holders, 'registerEngine'])
  registered.set(name, engine)
}

/** Names of all engines; own ones first. What several define is named once and refused when it is asked for. */
export function engineNames(): EngineName[] {
  return [...new Set([...ownEngines, ...registered.keys(), ...installedEngines().map(({ name }) => name)])]
}

/** @errors E_ENGINE_UNKNOWN, E_ENGINE_CLASH, E_ENGINE_DEFINITION */
export async function findEngine(name: EngineName): Promise<EngineDriver> {
  const installed = installedEngines().filter((one) => one.name === name)
  const known = registered.get(name)
  if (installed.length + Number(isOwn(name)) + Number(known !== undefined) > 1) {
    failClash(name, [...(isOwn(name) ? ['Tricklab'] : []), ...installed.map((one) => one.package)])
  }
  if (isOwn(name)) return (await own[name]()).engine
  if (known !== undefined) return known
  if (installed[0] !== undefined) return loadEngine(installed[0])
  const names = engineNames()
  fail('E_ENGINE_UNKNOWN', {
    what: `There is no engine "${name}".`,
    expected: `one of: auto, ${names.join(', ')}.`,
    received: `"${name}".`,
    fix: suggest(name, ['auto', ...names]),
  })
}

const isOwn = (name: string): name is OwnEngine => (ownEngines as readonly string[]).includes(name)

function failClash(name: string, holders: readonly string[]): never {
  fail('E_ENGINE_CLASH', {
    what: `The engine "${name}" is defined more than once.`,
    expected: 'one definition.',
    received: `${holders.length}, by ${holders.join(' and ')}.`,
    fix: 'remove one of the packages, or give one of the engines another name.',
  })
}
