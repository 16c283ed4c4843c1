import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { benchProgram } from '../bench/command.ts'
import { labProgram } from '../lab/command.ts'
import { reproProgram } from '../repro/command.ts'

interface Declared {
  readonly command: string
  readonly flags: string
  readonly what: string
}

/** Every option of a program and of its commands, with what its help says before it names a default. */
const optionsOf = (program: Command, path = program.name()): Declared[] => [
  ...program.options.map(({ flags, description }) => ({
    command: path,
    flags,
    what: description.split('; default:')[0]!,
  })),
  ...program.commands.flatMap((command) => optionsOf(command, `${path} ${command.name()}`)),
]

const all = [reproProgram(), labProgram(), benchProgram()].flatMap((program) => optionsOf(program))

test.each(['--data <path>', '--engine <name>', '--precision <name>', '--threads <n>', '--checkpoint-minutes <n>'])(
  '%s is described in the same words by every command that has it',
  (flags) => {
    const found = all.filter((option) => option.flags === flags)
    expect(found.length).toBeGreaterThan(1)
    expect([...new Set(found.map(({ what }) => what))]).toHaveLength(1)
  },
)

test('every --data can be given several times', () => {
  const programs = [reproProgram(), labProgram(), benchProgram()]
  const commands = programs.flatMap((program) => [program, ...program.commands])
  const datas = commands.flatMap(({ options }) => options.filter(({ long }) => long === '--data'))
  for (const { parseArg } of datas) {
    const first = parseArg?.('a', undefined as unknown as string[])
    expect(parseArg?.('b', first as string[])).toEqual(['a', 'b'])
  }
})
