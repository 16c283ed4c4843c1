/** How a user installs packages and runs scripts. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn'
  /** On the user's machine. */
  readonly command: string
  /** On a fresh machine that has Node alone. */
  readonly fresh: string
}

const managers: readonly PackageManager[] = [
  { name: 'pnpm', command: 'pnpm', fresh: 'npx -y pnpm@12' },
  { name: 'yarn', command: 'yarn', fresh: 'npx -y yarn@1' },
  { name: 'npm', command: 'npm', fresh: 'npm' },
]

/** The one that started this process, as `npm_config_user_agent` says: `pnpm/12.0.0 npm/? node/…`; else npm. */
export function packageManagerOf(userAgent: string | undefined): PackageManager {
  return managers.find(({ name }) => userAgent?.startsWith(`${name}/`)) ?? managers.at(-1)!
}
