import { asTyped } from './as-typed.ts'

/**
 * The command as it was typed, every option included.
 * @param program `repro`, or `lab ablate`
 * @param more options to add where they are missing
 */
export function commandAgain(
  program: string,
  more: readonly string[] = [],
  argv: readonly string[] = process.argv.slice(2),
): string {
  const names = program.split(' ')
  // How many of the names are among the arguments depends on the command that was called: `tricklab`, `lab` or `repro`.
  const called = names.indexOf(argv[0] ?? '')
  const typed = called < 0 ? argv : argv.slice(names.length - called)
  const words = [...typed, ...more.filter((option) => !typed.includes(option))]
  return asTyped(`pnpm ${program} ${words.map(quoted).join(' ')}`)
}

/** The line that says how to go on with what was stopped: the command again, with `--resume`. */
export function resumeHint(program: string, argv?: readonly string[]): string {
  return `Resume with: ${commandAgain(program, ['--resume'], argv)}\n`
}

/** A word as a shell takes it. */
const quoted = (word: string) =>
  /^[\w@%+=:,./#~^-]+$/.test(word) && !/^[#~]/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
