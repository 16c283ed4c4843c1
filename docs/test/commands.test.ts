import { readFileSync } from 'node:fs'
import path from 'node:path'
import { benchProgram, initProgram, labProgram, reproProgram } from '@tricklab/cli'
import { TricklabError } from '@tricklab/core'
import { findTarget } from '@tricklab/repro'
import { type Command, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { blocksOf, listPages, readPage, root } from './pages.ts'

interface Shown {
  readonly place: string
  readonly line: string
  /** In running text a command may stand for what it is given: `pnpm lab ablate`. */
  readonly inText: boolean
}

/** The scripts of the root, and what pnpm brings itself. */
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const known = [...Object.keys(scripts), 'install', 'add', 'create', 'exec', 'approve-builds', 'changeset', '--filter']

const pages = listPages()

const shown: Shown[] = pages.flatMap((page) => [
  ...blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ place, code }) => code.split('\n').map((line) => ({ place, line, inText: false }))),
  ...[...readPage(page).matchAll(/`((?:npx (?:-y )?)?(?:pnpm(?:@12)?|@tricklab\/cli|tricklab) [^`]+)`/g)].map(
    (match) => ({
      place: page,
      line: match[1]!.replaceAll('\n', ' '),
      inText: true,
    }),
  ),
])

const commands = shown
  .map((entry) => ({ ...entry, words: wordsOf(entry.line) }))
  .filter(({ words }) => words.length > 0)

/** What follows pnpm or npx, without comments and without what only stands for something. */
function wordsOf(line: string): string[] {
  const text = line.replace(/(^|\s)#\s.*$/, '').replaceAll('…', ' ')
  const match = /^\s*(?:[A-Z_]+=\S+ )*(?:npx (?:-y )?pnpm@12|pnpm|npx (?:-y @tricklab\/cli|tricklab))\s+(.*)$/.exec(
    text,
  )
  return match === null
    ? []
    : match[1]!
        .trim()
        .split(/\s+/)
        .filter((word) => word !== '')
}

/** A program that does everything but act. */
function idle(program: Command): Command {
  program.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  if (program.commands.length === 0) program.action(() => {})
  for (const command of program.commands) idle(command)
  return program
}

const programs: Readonly<Record<string, () => Command>> = {
  init: initProgram,
  repro: reproProgram,
  lab: labProgram,
  bench: benchProgram,
}

/** What is wrong with a command of ours; undefined when it would start. */
async function problemOf([name, ...words]: readonly string[], inText: boolean): Promise<string | undefined> {
  const create = programs[name!]
  if (create === undefined) return known.includes(name!) ? undefined : `there is no script ${name}`
  const program = idle(create())
  let target: string | undefined
  if (name === 'repro') {
    program.action((text: string | undefined) => {
      target = text
    })
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    if (target !== undefined && /^[a-z]/.test(target)) await findTarget(target)
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.missingArgument' && inText) return undefined
    if (error instanceof CommanderError && error.code.startsWith('commander.help')) return undefined
    if (error instanceof CommanderError || error instanceof TricklabError) return error.message
    throw error
  }
  return undefined
}

describe('commands in pages', () => {
  it('npx never asks whether it may fetch, which a terminal must answer', () => {
    const asking = pages.flatMap(
      (page) =>
        readPage(page)
          .match(/npx (?!-y |tricklab\b)\S+/g)
          ?.map((text) => `${page}: ${text}`) ?? [],
    )
    expect(asking).toEqual([])
  })

  it('there are many', () => expect(commands.length).toBeGreaterThan(40))

  it.each(commands)('$place: $line', async ({ words, inText }) => {
    expect(await problemOf(words, inText)).toBeUndefined()
  })

  it.each([
    [['repro', 'fashionmnist-resnets/conv', '--sedes', '5'], 'unknown option'],
    [['repro', 'fashionmnist-resnets/none'], 'E_ROW_UNKNOWN'],
    [['repro', 'fashionmnist-resnets', '--jobs', 'many'], 'E_ARGUMENT'],
    [['lab', 'ablate'], 'missing required argument'],
    [['lab', 'summery', 'x'], 'unknown command'],
    [['tset'], 'no script'],
  ])('sees what is wrong with %j', async (words, expected) => {
    expect(await problemOf(words, false)).toContain(expected)
  })
})
