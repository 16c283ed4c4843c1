import path from 'node:path'
import { parseArgs } from 'node:util'
import { fail, TricklabError } from '@tricklab/core'
import { createPlugin } from './create.ts'
import { readKind, templateKinds } from './kinds.ts'
import { readName } from './names.ts'
import { packageManagerOf } from './package-manager.ts'

/** Where the command writes, and who called it. */
export interface Surroundings {
  readonly cwd: string
  readonly userAgent: string | undefined
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

const kindLines = Object.entries(templateKinds).map(([kind, what]) => `  ${kind.padEnd(12)}${what}`)

export const help = `Makes a plugin package for Tricklab: registration, maths, tests, README, changesets, workflows.

  pnpm create @tricklab/plugin NAME [--kind KIND] [--folder FOLDER]
  npm create @tricklab/plugin NAME -- [--kind KIND] [--folder FOLDER]

NAME      cut-out, tricklab-plugin-cut-out or @scope/tricklab-plugin-cut-out
--kind    what it registers; default: callback
--folder  where the package goes; default: ./tricklab-plugin-NAME
--help    this text

Kinds:
${kindLines.join('\n')}
`

/** Runs the command; returns the exit code. */
export function run(args: readonly string[], { cwd, userAgent, out, error }: Surroundings): number {
  try {
    const { name, kind, folder, wantsHelp } = readArguments(args)
    if (wantsHelp) {
      out(help)
      return 0
    }
    const names = readName(name)
    const manager = packageManagerOf(userAgent)
    const place = folder ?? names.folder
    const files = createPlugin({ names, kind: readKind(kind), folder: path.resolve(cwd, place), manager })
    out(
      [
        `${names.package} is in ${place}:`,
        ...files.map((file) => `  ${file}`),
        '',
        'Next:',
        `  cd ${place}`,
        `  ${manager.command} install`,
        `  ${manager.command} test       # all green but one test, which says what to write`,
        `  ${manager.command} run try    # trains table.ts in seconds, with the trick and without it`,
        '',
      ].join('\n'),
    )
    return 0
  } catch (cause) {
    if (cause instanceof TricklabError) {
      for (const line of cause.message.split('\n')) error(`✖ ${line}\n`)
      return cause.exitCode
    }
    const { code, message, stack } = cause as NodeJS.ErrnoException
    if (code === undefined || !/^E[A-Z]+$/.test(code)) {
      error(`✖ [E_INTERNAL] A defect of Tricklab; please report it with this text:\n${stack ?? message}\n`)
      return 4
    }
    error(`✖ [E_OUT_WRITE] The package could not be written: ${message}. Fix: choose another folder with --folder.\n`)
    return 2
  }
}

function readArguments(args: readonly string[]) {
  const options = {
    kind: { type: 'string', default: 'callback' },
    folder: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    fail('E_ARGUMENT', { what: `${(cause as Error).message.replace(/\.?$/, '')}.`, fix: 'see --help.', cause })
  }
  const { values, positionals } = parsed
  const [name, ...others] = positionals
  if (!values.help && (name === undefined || others.length > 0)) {
    fail('E_ARGUMENT', {
      what: name === undefined ? 'No name was given.' : 'More than one name was given.',
      expected: 'NAME [--kind KIND] [--folder FOLDER].',
      received: positionals.length === 0 ? 'nothing.' : `${positionals.join(', ')}.`,
      fix: 'see --help.',
    })
  }
  return { name: name ?? '', kind: values.kind, folder: values.folder, wantsHelp: values.help }
}
