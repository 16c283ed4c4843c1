import { fileURLToPath } from 'node:url'

/** Whether this is a package that was installed, as opposed to the repository. */
export const isInstalled: boolean = /[\\/]node_modules[\\/]/.test(fileURLToPath(import.meta.url))

/** A text whose commands are written as in the repository, with those that work here. */
export function asTyped(text: string, installed = isInstalled): string {
  return installed ? text.replace(/\bpnpm (repro|lab|bench)\b/g, 'npx tricklab $1') : text
}
