import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../../..')
// By its place, so that it is found from any folder.
export const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

export const fixture = (name: string): string => path.join(here, 'fixtures', name)

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** The object on the last line of standard output. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect to be there
  json(): any
}

export interface CliOptions {
  readonly env?: Record<string, string>
  /** Where it runs; default: the repository. */
  readonly cwd?: string
  /** In a process group of its own, so that a signal can be sent to all that it starts. */
  readonly detached?: boolean
  /** Sees standard error as it comes; may send signals. */
  readonly onStderr?: (text: string, child: ChildProcess) => void
  readonly onSpawn?: (child: ChildProcess) => void
}

/** Runs a command of the CLI as a user would, in a process of its own. */
export function runCli(
  command: 'repro' | 'lab' | 'bench' | 'tricklab',
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const bin = path.join(root, 'packages/cli/src/bin', `${command}.ts`)
  const child = spawn(process.execPath, ['--import', tsx, bin, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.detached ?? false,
  })
  options.onSpawn?.(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    options.onStderr?.(String(chunk), child)
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, json: () => JSON.parse(stdout.trimEnd().split('\n').at(-1)!) })
    })
  })
}

export const temporaryFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'tricklab-test-'))
