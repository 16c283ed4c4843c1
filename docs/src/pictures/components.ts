import { createRegistry } from '@tricklab/core'
import type { Kind, Kinds, NormalUse, Plugin, Registry } from '@tricklab/core/plugin'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'

/** Builds a component as a recipe would: pictures show what the plugins do, not what someone remembers of them. */
export function build<K extends Kind>(
  kind: K,
  use: { readonly use: string; readonly [option: string]: unknown },
  context: Kinds[K]['context'],
  ...plugins: readonly Plugin[]
): Kinds[K]['instance'] {
  const registry: Registry = createRegistry([data, nn, optim, ...plugins] as readonly Plugin[])
  const { use: normal, problems } = registry.normalize(kind, use, 'a picture')
  if (problems.length > 0) throw new Error(problems.map(({ what }) => what).join(' '))
  return registry.create(kind, normal as NormalUse, context)
}
