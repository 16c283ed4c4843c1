import { createRegistry, type Json } from '@tricklab/core'
import type { OptionSchema } from '@tricklab/core/options'
import { type Kind, kinds, type Plugin } from '@tricklab/core/plugin'

/** A component as lists show it. */
export interface ListedComponent {
  readonly kind: Kind
  readonly name: string
  /** The plugin that brings it. */
  readonly plugin: string
  readonly doc: string
  readonly paper: string | null
  readonly options: { readonly [name: string]: ListedOption }
}

interface ListedOption {
  /** In words: `number from 0 to 1`. */
  readonly accepts: string
  readonly unit: string | null
  readonly required: boolean
  /** Null where a recipe must give a value. */
  readonly default: Json
  readonly doc: string
}

/** Every component of plugins, kind by kind and by its name. @errors those of createRegistry */
export function listComponents(plugins: readonly Plugin[]): ListedComponent[] {
  const registry = createRegistry(plugins)
  const papers = new Map(plugins.map(({ name, paper }) => [name, paper]))
  return kinds.flatMap((kind) =>
    registry
      .list(kind)
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
      .map(({ name, plugin, component }) => ({
        kind,
        name,
        plugin,
        doc: component.doc,
        paper: papers.get(plugin) ?? null,
        options: describeOptions(component.options),
      })),
  )
}

const describeOptions = (schema: OptionSchema) =>
  Object.fromEntries(
    Object.entries(schema).map(([name, { accepts, unit, required, default: standard, doc }]) => [
      name,
      { accepts, unit: unit ?? null, required, default: standard ?? null, doc },
    ]),
  )

/** The components as text: a line each, and below it paper and options. */
export function formatComponents(components: readonly ListedComponent[]): string {
  return components.map(formatComponent).join('\n')
}

function formatComponent({ kind, name, plugin, doc, paper, options }: ListedComponent): string {
  const lines = Object.entries(options).map(([option, { accepts, unit, required, default: standard, doc: text }]) => {
    const start = required ? 'required' : `default ${JSON.stringify(standard)}`
    return `    ${option}: ${unit === null ? accepts : `${accepts} (${unit})`}; ${start}. ${text}\n`
  })
  const source = paper === null ? `plugin ${plugin}` : `plugin ${plugin}, ${paper}`
  return `${kind} ${name} (${source})\n  ${doc}\n${lines.join('')}`
}
