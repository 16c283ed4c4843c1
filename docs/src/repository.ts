/** Hosts that a package.json may name in short. */
const hosts: { readonly [short: string]: string } = {
  github: 'https://github.com/',
  gitlab: 'https://gitlab.com/',
  bitbucket: 'https://bitbucket.org/',
}

/**
 * The page of the repository that a package.json names in its field `repository`, in any form that npm knows; undefined
 * where it names none that has a page.
 */
export function repositoryPage({ repository }: { readonly repository?: unknown }): string | undefined {
  const given = typeof repository === 'string' ? repository : (repository as { url?: unknown } | null | undefined)?.url
  if (typeof given !== 'string') return undefined
  const [, host = 'github', name] = /^(?:(github|gitlab|bitbucket):)?(\w[\w.-]*\/[\w.-]+)$/.exec(given) ?? []
  if (name !== undefined) return `${hosts[host]}${name}`
  const [, place] = /^(?:git\+)?(?:https?|ssh|git):\/\/(?:[^@/]+@)?(.+?)(?:\.git)?$/.exec(given) ?? []
  if (place !== undefined) return `https://${place}`
  const [, server, file] = /^[\w.-]+@([\w.-]+):(.+?)(?:\.git)?$/.exec(given) ?? []
  return file === undefined ? undefined : `https://${server}/${file}`
}
