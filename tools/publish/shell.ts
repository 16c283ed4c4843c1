/** Commands as a person in a fresh shell would run them. */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export type Shell = (folder: string, command: string, ...args: string[]) => Promise<CommandResult>

/**
 * A shell whose commands see `extra` and nothing of the package manager or test runner that started this process. `pnpm`
 * is on its path.
 */
export function createShell(temporary: string, extra: Readonly<Record<string, string>> = {}): Shell {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|pnpm_|init_cwd|node_options|vitest)|verify_deps/i.test(name),
  )
  const searched = `${pnpmFolder(temporary)}${process.env.PATH ?? ''}`
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1', CI: 'true', ...extra, PATH: searched }
  return (cwd, command, ...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (text) => {
        stdout += text
      })
      child.stderr.on('data', (text) => {
        stderr += text
      })
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, stdout, stderr }))
    })
}

/** The result of a command that has to succeed. */
export async function succeed(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running
  if (result.code === 0) return result
  throw new Error(
    `The command ended with exit code ${result.code}:\n${result.stdout.slice(-4000)}\n${result.stderr.slice(-4000)}`,
  )
}

/** Where pnpm is not installed, npx fetches it, as the README has newcomers do. */
function pnpmFolder(temporary: string): string {
  if (spawnSync('pnpm', ['--version']).status === 0) return ''
  const found = spawnSync('npx', ['--yes', '--package', 'pnpm@12', '--call', 'command -v pnpm'], {
    cwd: temporary,
    encoding: 'utf8',
  })
  if (found.status !== 0) throw new Error(`The shell could not fetch pnpm:\n${found.stderr}`)
  return `${path.dirname(found.stdout.trim())}${path.delimiter}`
}
