import module from 'node:module'
import { register } from 'tsx/esm/api'
import { resolveNow } from './table-hooks.ts'

let registered = false

/**
 * Lets this process import TypeScript on every version of Node alike: a table outside the repository, and what it imports.
 * What the folder of the table lacks of Tricklab comes from this package.
 */
export function loadTypeScript(): void {
  if (registered) return
  registered = true
  const compiles = process.execArgv.some((argument) => /\btsx\b/.test(argument))
  if (!compiles) register()
  const { registerHooks } = module as unknown as {
    readonly registerHooks?: (hooks: { readonly resolve: typeof resolveNow }) => void
  }
  if (registerHooks !== undefined) registerHooks({ resolve: resolveNow })
  else module.register(import.meta.url.endsWith('.ts') ? './table-hooks.ts' : './table-hooks.js', import.meta.url)
}
