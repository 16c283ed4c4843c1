import { register } from 'tsx/esm/api'

let registered = false

/**
 * Lets this process import TypeScript: a table outside the repository, and what it imports, on every version of Node
 * alike. Does nothing in a process that tsx started.
 */
export function loadTypeScript(): void {
  if (registered || process.execArgv.some((argument) => /\btsx\b/.test(argument))) return
  registered = true
  register()
}
