/**
 * How Node finds and reads what a user's table imports, wherever the table lies. Node calls these hooks before those that
 * compile TypeScript, or behind them: both orders give the same.
 */
import type { ResolveFnOutput, ResolveHook, ResolveHookContext } from 'node:module'

/** Node 20 has no hooks that answer at once, so `resolve` runs in its thread for hooks. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return asModule(await next(specifier, context))
  } catch (error) {
    return asModule(await next(specifier, elsewhere(specifier, context, error)))
  }
}

type Next = (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput

/** The same for `registerHooks`, which newer versions have. */
export function resolveNow(specifier: string, context: ResolveHookContext, next: Next): ResolveFnOutput {
  try {
    return asModule(next(specifier, context))
  } catch (error) {
    return asModule(next(specifier, elsewhere(specifier, context, error)))
  }
}

/**
 * A table in a folder without node_modules, or in a clone, takes packages of Tricklab from those that this harness depends
 * on. What the folder has itself was found before, so nothing is shadowed.
 */
function elsewhere(specifier: string, context: ResolveHookContext, error: unknown): ResolveHookContext {
  const { code } = error as NodeJS.ErrnoException
  if (!specifier.startsWith('@tricklab/') || code !== 'ERR_MODULE_NOT_FOUND') throw error
  return { ...context, parentURL: import.meta.url }
}

/**
 * TypeScript of users is read as a module even where no package.json says so, and in `.cts`: Tricklab's packages are
 * modules, and only a module may await at its top.
 */
function asModule(found: ResolveFnOutput): ResolveFnOutput {
  return /^file:.*\.c?ts$/.test(found.url) && !found.url.includes('/node_modules/')
    ? { ...found, format: 'module' }
    : found
}
