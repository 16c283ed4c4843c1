import { isPlugin, type Plugin } from '@tricklab/core/plugin'
import { data } from '@tricklab/data'
import { nn } from '@tricklab/nn'
import { optim } from '@tricklab/optim'
import manifest from '../../package.json' with { type: 'json' }

/** The plugins that come with Tricklab, in the order of their names behind the three that bring what a recipe must have. */
export async function installedPlugins(): Promise<readonly Plugin[]> {
  const names = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@tricklab/plugin-'))
  const modules = await Promise.all(names.sort().map((name) => import(name) as Promise<{ default: unknown }>))
  return [data, nn, optim, ...modules.map((module) => module.default).filter(isPlugin)]
}
