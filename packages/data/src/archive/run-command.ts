import { type ChildProcess, spawn } from 'node:child_process'

export interface CommandResult {
  /** Exit status; undefined when the command is not installed or was ended. */
  readonly status: number | undefined
  readonly output: string
  /** What went wrong, in words: the last line of the error output, a timeout. Undefined when status is 0. */
  readonly fault: string | undefined
}

export interface CommandOptions {
  readonly folder: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Runs a command without a shell and collects what it prints. Never throws: the result says what happened. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.folder,
      // Messages are read by us; and nobody is there to answer a question.
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that helpers which the command starts end with it.
      detached: process.platform !== 'win32',
    })
    let output = ''
    let errors = ''
    let ended: string | undefined
    const end = (why: string) => {
      ended ??= why
      killGroup(child)
    }
    const interrupt = () => end('interrupted')
    const timer = setTimeout(() => end(`not done after ${options.timeoutMs / 1000} s`), options.timeoutMs)
    options.signal?.addEventListener('abort', interrupt, { once: true })
    if (options.signal?.aborted) interrupt()
    const finish = (result: CommandResult) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', interrupt)
      resolve(result)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      const fault = error.code === 'ENOENT' ? `${command} is not on this machine` : error.message
      finish({ status: undefined, output, fault })
    })
    child.on('close', (status) => {
      const said = errors.trim().split('\n').at(-1)
      const fault = ended ?? (status === 0 ? undefined : said || `${command} ended with status ${status}`)
      finish({ status: ended === undefined ? (status ?? undefined) : undefined, output, fault })
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}
