/** The command that is a program of this package where this process was started, word by word. */
export function ownCommand(program: 'repro'): string[] {
  const [node, script, first] = process.argv as [string, string, string | undefined]
  // `tricklab repro …` and `repro …` are both ways to call it.
  return [node, ...process.execArgv, script, ...(first === program ? [program] : [])]
}
