import { fileURLToPath } from 'node:url'

const own = fileURLToPath(import.meta.url)

/** Whether this is a package that was installed, as opposed to the repository. */
export const isInstalled: boolean = /[\\/]node_modules[\\/]/.test(own)

/**
 * How commands are typed where a module lies: in the repository, in a project, or in the cache of `npx -y @tricklab/cli`, where
 * `npx tricklab` would fetch a package of that name.
 */
export function launcherOf(file: string): 'pnpm' | 'npx tricklab' | 'npx -y @tricklab/cli' {
  if (!/[\\/]node_modules[\\/]/.test(file)) return 'pnpm'
  return /[\\/]_npx[\\/]/.test(file) ? 'npx -y @tricklab/cli' : 'npx tricklab'
}

/** A text whose commands are written as in the repository, with those that work here. */
export function asTyped(text: string, launcher: string = launcherOf(own)): string {
  return text.replace(/\bpnpm (repro|lab|bench)\b/g, `${launcher} $1`)
}
