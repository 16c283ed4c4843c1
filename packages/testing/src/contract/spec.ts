import { createRegistry, createRng, type Json } from '@tricklab/core'
import type { Kind, NormalUse, Plugin, Registry } from '@tricklab/core/plugin'
import type { EngineName } from '@tricklab/engine'
import { violate } from './check.ts'

/** Options of a component as a recipe writes them, without `use`. */
export type OptionSet = { readonly [option: string]: Json }

/** What every contract suite needs to know of a component. */
export interface ComponentSpec {
  readonly plugin: Plugin
  /** Registry name of the component. */
  readonly name: string
  /** Plugins that it requires. */
  readonly with?: readonly Plugin[]
  /** Option sets to run the whole suite with; default: the defaults alone. */
  readonly options?: readonly OptionSet[]
  /** Engines to run on; default: `cpu`, `wasm`, and `native` where it is built. */
  readonly engines?: readonly EngineName[]
  /** Names of checks to leave out, each with the reason why it cannot hold. */
  readonly skip?: { readonly [check: string]: string }
}

/** Seed of the services that components are built with. */
const serviceSeed = 11

export function registryOf({ plugin, with: others = [] }: ComponentSpec): Registry {
  return createRegistry([...others, plugin], { rng: createRng(serviceSeed) })
}

/** The component's normal form for a set of options. */
export function useOf(registry: Registry, kind: Kind, name: string, options: OptionSet): NormalUse {
  const { use, problems } = registry.normalize(kind, { use: name, ...options }, 'the contract suite')
  if (problems.length > 0)
    violate(`the options ${show(options)} are refused: ${problems[0]!.code} ${problems[0]!.what}`)
  return use
}

/** The option sets of a spec; the defaults when it names none. */
export function optionSets({ options = [{}] }: ComponentSpec): readonly OptionSet[] {
  return options
}

/** Runs a body for every option set, and names the set in what it finds. */
export async function forOptions(
  spec: ComponentSpec,
  kind: Kind,
  body: (registry: Registry, use: NormalUse) => void | Promise<void>,
): Promise<void> {
  const registry = registryOf(spec)
  for (const options of optionSets(spec)) await body(registry, useOf(registry, kind, spec.name, options))
}

export function show(value: unknown): string {
  return JSON.stringify(value)
}
