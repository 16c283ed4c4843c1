import { errorCodes } from './codes.ts'
import { type ErrorParts, TricklabError } from './index.ts'

declare const own: unique symbol

/** A code that a plugin brought. */
export type PluginErrorCode = string & { readonly [own]: true }

/** The process's exit code: 2 for wrong input, 3 for a stop that can be resumed, 4 for a fault. */
export interface PluginError {
  readonly exit: 2 | 3 | 4
  /** What it means, as a sentence for the plugin's page. */
  readonly meaning: string
}

/** Codes of a plugin, and what throws them. */
export interface PluginErrors<C extends string = string> {
  readonly codes: { readonly [code in C]: PluginError }
  /** Throws one error in the house form. */
  fail(code: C, parts: ErrorParts): never
}

/**
 * A plugin's own error codes: `definePlugin({ errors })` makes them known. Their names begin with `E_` and the plugin's
 * name, which tells whose they are.
 */
export function defineErrors<const C extends string>(
  codes: {
    readonly [code in C]: PluginError
  },
): PluginErrors<C> {
  return {
    codes,
    fail(code, parts) {
      throw new TricklabError([{ code: code as string as PluginErrorCode, exit: codes[code].exit, ...parts }])
    },
  }
}

/** What is wrong with the codes of a plugin, in words. */
export function checkErrorCodes(plugin: string, { codes }: PluginErrors): string | undefined {
  const prefix = `E_${plugin.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
  for (const [code, { exit, meaning }] of Object.entries(codes)) {
    const named = code === prefix || (code.startsWith(`${prefix}_`) && /^[A-Z0-9_]+$/.test(code))
    if (Object.hasOwn(errorCodes, code)) return `brings the error code "${code}", which is Tricklab's own`
    if (!named) return `brings the error code "${code}", which does not begin with ${prefix}`
    if (![2, 3, 4].includes(exit))
      return `gives the error code "${code}" the exit code ${exit}, which is none of 2, 3, 4`
    if (typeof meaning !== 'string' || meaning.trim() === '') return `does not say what its error code "${code}" means`
  }
  return undefined
}
