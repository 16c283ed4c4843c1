import type { AnyRegistration, Kind, Plugin, Registrar } from '@tricklab/core/plugin'
import { kinds } from '@tricklab/core/plugin'

/** A registrar that builds nothing: it hands back what a plugin registers. */
const reader = Object.fromEntries(
  kinds.map((kind: Kind) => [kind, (name: string, component: object) => ({ kind, name, component })]),
) as unknown as Registrar

/** What a plugin registers, as data. */
export function registrations(plugin: Plugin): readonly AnyRegistration[] {
  const returned = plugin.register(reader)
  return Array.isArray(returned) ? returned : [returned as AnyRegistration]
}
