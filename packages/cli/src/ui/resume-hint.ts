import { asTyped } from './as-typed.ts'

/**
 * The command that goes on with what was stopped: as it was typed, every option included, with `--resume`.
 * @param program `repro`, or `lab ablate`
 */
export function resumeHint(program: string, argv: readonly string[] = process.argv.slice(2)): string {
  const names = program.split(' ')
  // How many of the names are among the arguments depends on the command that was called: `tricklab`, `lab` or `repro`.
  const called = names.indexOf(argv[0] ?? '')
  const typed = called < 0 ? argv : argv.slice(names.length - called)
  const words = typed.includes('--resume') ? typed : [...typed, '--resume']
  return asTyped(`Resume with: pnpm ${program} ${words.map(quoted).join(' ')}\n`)
}

/** A word as a shell takes it. */
const quoted = (word: string) =>
  /^[\w@%+=:,./#~^-]+$/.test(word) && !/^[#~]/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
