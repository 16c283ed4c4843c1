import { TricklabError } from '@tricklab/core'
import { surviveClosedStreams } from '@tricklab/repro'
import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { asTyped } from './as-typed.ts'
import { watchOutput } from './output.ts'

/** A command line whose own complaints take the house form and whose exit codes are those of the error table. */
export function createProgram(name: string, description: string): Command {
  const program = new Command(name).description(description)
  program
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError()
    // Else what stands behind a command's name would be taken for this program's own option of that name.
    .enablePositionalOptions()
  return program
}

/** Parses, runs, and ends the process with the documented exit code. */
export async function runProgram(program: Command, argv = process.argv): Promise<void> {
  surviveClosedStreams()
  const output = watchOutput()
  try {
    await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = report(error)
  }
  const lost = await output.settled()
  if (lost !== undefined) process.exitCode = Math.max(Number(process.exitCode ?? 0), reportLost(lost))
  // Some engines keep handles open (Dawn, workers); everything that matters is on disk by now.
  process.exit(process.exitCode ?? 0)
}

/** Prints an error and returns its exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0 // --help and --version
    const what = error.message.replace(/^error: /, '').replace(/\n/g, ' ')
    process.stderr.write(
      `${pc.red('✖')} [E_ARGUMENT] ${what.charAt(0).toUpperCase()}${what.slice(1)}. Fix: see --help.\n`,
    )
    return 2
  }
  if (error instanceof TricklabError) {
    for (const line of asTyped(error.message).split('\n')) process.stderr.write(`${pc.red('✖')} ${line}\n`)
    return error.exitCode
  }
  const fileError = describeFileError(error)
  if (fileError !== undefined) return report(fileError)
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${pc.red('✖')} [E_INTERNAL] A defect of Tricklab; please report it with this text:\n${text}\n`)
  return 4
}

function reportLost({ code, message }: NodeJS.ErrnoException): number {
  const problem = {
    code: 'E_OUT_WRITE' as const,
    what: `Standard output could not be written: ${message}.`,
    expected: 'a place that takes the whole output.',
    received: `${code}.`,
    fix: 'free some space, or send the output elsewhere; then run the command again.',
  }
  return report(new TricklabError([problem]))
}

/** A write that the system refused, in the house form; undefined for other errors. */
function describeFileError(error: unknown): TricklabError | undefined {
  const { code, path, message, syscall = '' } = error as NodeJS.ErrnoException
  const refused = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS'].includes(code ?? '')
  if (code === undefined || !(refused || ['write', 'fsync', 'rename', 'mkdir'].includes(syscall))) return undefined
  return new TricklabError([
    {
      code: 'E_OUT_WRITE',
      what: `${path ?? 'A file'} could not be written: ${message}.`,
      expected: 'free space and write access.',
      received: `${code}.`,
      fix: 'free some space, mend the permissions or choose another folder; runs go on with --resume.',
    },
  ])
}

/** Adds up repeated options: `--data A --data B`. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]
